"""Observations that all others contradict: their stated deviations are not believed.

A spectrum whose edge was taken for another one gives a precise and wrong gap, and one of them bends a whole model.

[Ament2024] Ament, Santorella, Eriksson, Letham, Balandat, Bakshy, NeurIPS 2024, arXiv:2410.24222: a few
observations get variances of their own, added one after another.
"""

import numpy as np

from planners.checkpoints import Contents
from planners.regression import Regression, fit, recall_regression
from planners.surrogates import Data

OUTLYING = 3.5
"""Deviations by which all others must contradict an observation: chance does it to one in two thousand."""

MOST = 0.1
"""Share of the observations that may be doubted: what contradicts more is not the data but the model."""


def fit_doubting(data: Data) -> Regression:
    """Train, doubt what the trained model contradicts, train again on what is left of it.

    Raises:
        SurrogateError: If there is nothing to learn from, or the covariance cannot be factorized.
    """
    first = fit(data)
    doubted = doubting(first, data)
    if doubted is first:
        return first
    return doubting(fit(doubted.data), data)


def recall_doubting(contents: Contents, data: Data) -> Regression:
    """The trained model of a checkpoint, conditioned on `data` with the same doubts.

    Raises:
        CheckpointError: If the checkpoint is of another kind of model or another space.
    """
    return doubting(recall_regression(contents, data), data)


def doubting(trained: Regression, data: Data) -> Regression:
    """What was trained, conditioned on `data` with larger deviations where all other observations contradict it.

    The worst is doubted first, because it makes its neighbours look wrong; it gets the deviation that explains it.
    """
    model = trained if trained.data is data else Regression(data, trained.fitted)
    for _ in range(int(MOST * len(data.values))):
        errors, variance = model.left_out()
        z = np.abs(errors) / np.sqrt(variance)
        worst = int(z.argmax())
        if z[worst] < OUTLYING:
            break
        deviations = model.data.deviations.copy()
        deviations[worst] = np.hypot(deviations[worst], abs(float(errors[worst])) * model.fitted.spread)
        model = Regression(Data(data.inputs, data.values, deviations), model.fitted)
    return model
