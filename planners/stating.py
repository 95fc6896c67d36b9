"""Films whose conclusions will say that they are hits: they must keep every bound beyond the doubt of measuring.

The best sample that exists usually lies on its bounds, where no measurement can tell it from one that breaks them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit
from scipy.stats import qmc

from planners.outcomes import READABLE, OutcomeModel
from planners.protocols import Ask
from planners.questions import sorted_observations
from planners.seeds import keyed_generator

Values = NDArray[np.float64]

SHARPNESS = 0.03
"""In the logarithm of the joint chance: how near the wanted confidence counts as half a statement. With a step in its
place a search would see nothing to climb where no candidate is stated yet."""

N_NEAR = 8
"""Observations nearest to keeping a bound that tell how well a property is measured there."""


class Stating:
    """What would be concluded of candidates, and what was concluded of samples.

    Attributes:
        stated: Of each observed sample, in order, whether its conclusions keep all bounds with the target's confidence.
    """

    def __init__(self, ask: Ask, named: Sequence[tuple[str, OutcomeModel]], n_draws: int) -> None:
        """Look at how well properties are measured; `named` are the models in the order of their numbers."""
        self._least = float(np.log(ask.target.confidence))
        self._models = [model for _, model in named]
        self._deviations = [None if name == READABLE else _near_bounds(model) for name, model in named]
        generator = keyed_generator(ask.seed, ask.number, "stating")
        self._normals = qmc.MultivariateNormalQMC(np.zeros(len(named)), rng=generator).random(n_draws)
        observations = sorted_observations(ask)
        joint = np.zeros(len(observations))
        unread = set(ask.target.properties) - {name for name, _ in named}
        for name, model in named:
            if name != READABLE:
                rows = [row for row, one in enumerate(observations) if name in one.outcomes]
                chances = np.full(len(observations), -np.inf)
                chances[rows] = model.log_chance(*_read(model))
                joint = joint + chances
        self.stated = (joint >= self._least) & (not unread)

    def log_kept(self, number: int, mean: Values, deviation: Values) -> Values:
        """Log chance of a model's bounds as it would be concluded from one measurement a draw, shape (draws, n).

        Args:
            number: Of the model.
            mean: What is believed of the points, standardized, shape (draws or 1, n).
            deviation: Of that belief, the samples' scatter counted, shape (1, n).
        """
        told = self._deviations[number]
        if told is None:
            return np.zeros((1, 1))
        measured = mean + np.hypot(deviation, told) * self._normals[:, number, None]
        return self._models[number].log_chance(measured, np.full((1, 1), told))

    def log_stated(self, joint: Values) -> Values:
        """Log chance that a joint log chance is enough for a statement, softened by `SHARPNESS`."""
        return np.asarray(log_expit((joint - self._least) / SHARPNESS))


def _read(model: OutcomeModel) -> tuple[Values, Values]:
    """What was read of a property, standardized, and its deviations."""
    regression = model.regression
    values = (regression.data.values - regression.fitted.center) / regression.fitted.spread
    return values, np.sqrt(regression.known)


def _near_bounds(model: OutcomeModel) -> float:
    """The deviation of a measurement of a sample that is about to keep the bounds, standardized."""
    values, deviations = _read(model)
    nearest = np.argsort(-np.broadcast_to(model.log_chance(values, deviations), values.shape), kind="stable")[:N_NEAR]
    return float(np.median(deviations[nearest]))
