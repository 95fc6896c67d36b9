"""Observations that all others contradict."""

import numpy as np

from planners.doubts import MOST, doubting, fit_doubting, recall_doubting
from planners.regression import Regression, fit
from planners.surrogates import Data


def plane(n: int = 40, *, wrong: tuple[int, ...] = ()) -> Data:
    """A plane in two dimensions, read to a hundredth of its range; some readings are wrong by half of it."""
    inputs = np.random.default_rng(0).random((n, 2))
    values = inputs.sum(axis=1) + 0.01 * np.random.default_rng(1).normal(size=n)
    values[list(wrong)] += 1.0
    return Data(inputs, values, np.full(n, 0.01))


def error(model: Regression) -> float:
    """By how much the plane is missed at new points, on average."""
    points = np.random.default_rng(2).random((50, 2))
    mean = model.fitted.center + model.fitted.spread * model.posterior(points).mean
    return float(np.abs(mean - points.sum(axis=1)).mean())


def test_what_nothing_contradicts_is_believed() -> None:
    """To the bit."""
    data = plane()
    assert (fit_doubting(data).data.deviations == data.deviations).all()


def test_wrong_readings_are_doubted_and_no_others() -> None:
    """And they bend the model less than they did."""
    wrong = (3, 17)
    data = plane(wrong=wrong)
    model = fit_doubting(data)
    assert np.flatnonzero(model.data.deviations > 0.02).tolist() == list(wrong)
    assert error(model) < 0.5 * error(fit(data))


def test_only_a_small_share_is_doubted() -> None:
    """What contradicts more is not the data but the model."""
    data = plane(wrong=tuple(range(0, 40, 4)))
    assert (doubting(fit(data), data).data.deviations > data.deviations).sum() <= MOST * 40


def test_a_recalled_model_doubts_the_same() -> None:
    """A checkpoint changes no answer."""
    data = plane(wrong=(5,))
    model = fit_doubting(data)
    again = recall_doubting(model.to_contents(), data)
    assert (again.data.deviations == model.data.deviations).all()
    assert (again.posterior(data.inputs).mean == model.posterior(data.inputs).mean).all()
