"""Gaussian process regression in closed form."""

import numpy as np
import pytest
import torch

from planners.checkpoints import Contents, pack, unpack
from planners.errors import CheckpointError, SurrogateError
from planners.regression import Fitted, Regression, fit, recall_regression
from planners.surrogates import Data, Surrogate


def data(n: int = 25, *, noise: float = 0.05, seed: int = 0) -> Data:
    """A wave in three dimensions, of which one does nothing, in a unit far from one."""
    generator = np.random.default_rng(seed)
    inputs = generator.random((n, 3))
    wave = np.sin(5 * inputs[:, 0]) + inputs[:, 1]
    return Data(inputs, 1000.0 + 50.0 * (wave + noise * generator.normal(size=n)), np.full(n, 50.0 * noise))


def _predict(model: Regression, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    posterior = model.posterior(points)
    f = model.fitted
    return f.center + f.spread * posterior.mean, f.spread * np.sqrt(model.variance(posterior))


def test_predictions_follow_the_truth_within_their_deviations() -> None:
    """At new points, in the unit of the values."""
    points = np.random.default_rng(9).random((300, 3))
    mean, deviation = _predict(fit(data(50)), points)
    z = (mean - 1000.0 - 50.0 * (np.sin(5 * points[:, 0]) + points[:, 1])) / deviation
    assert np.mean(np.abs(z) < 2) > 0.85
    assert np.ptp(mean) > 80


def test_a_parameter_without_influence_gets_a_long_scale() -> None:
    """And one that matters a short one."""
    scales = fit(data(50)).fitted.scales
    assert scales[2] > 2 * scales[0]


def test_the_posterior_is_the_one_of_the_other_implementation() -> None:
    """With equal scales and noise, and a constant mean so well known that its uncertainty does not matter."""
    many = data(60, noise=0.3)
    ours = fit(many)
    theirs = Surrogate(many, ours.fitted.center, ours.fitted.spread)
    theirs.model.covar_module.lengthscale = torch.from_numpy(ours.fitted.scales)
    theirs.model.likelihood.second_noise = ours.fitted.scatter
    ones = np.ones(60)
    inverse = np.linalg.inv(_matern_and_noise(ours))
    values = (many.values - ours.fitted.center) / ours.fitted.spread
    # A constant of unit variance has this posterior mean; the other model is given it as its constant.
    theirs.model.mean_module.constant.data.fill_(float(ones @ inverse @ values / (1 + ones @ inverse @ ones)))
    points = np.random.default_rng(1).random((40, 3))
    mean, _ = _predict(ours, points)
    assert mean == pytest.approx(theirs.predict(points)[0], abs=0.05)


def _matern_and_noise(model: Regression) -> np.ndarray:
    unit = model.data.inputs / model.fitted.scales
    r = np.sqrt(5) * np.linalg.norm(unit[:, None] - unit[None], axis=2)
    known = (model.data.deviations / model.fitted.spread) ** 2
    return np.asarray((1 + r + r * r / 3) * np.exp(-r) + np.diag(known + model.fitted.scatter))


def test_a_trained_model_is_better_than_its_neighbours() -> None:
    """The fit ends where the held-out density is high: other scales and scatters predict worse."""
    model = fit(data(40))
    best = model.held_out()
    assert best is not None
    for factor in (0.2, 5.0):
        f = model.fitted
        other = Regression(model.data, Fitted(f.scales * factor, f.scatter, f.center, f.spread)).held_out()
        assert other is not None
        assert other < best


def test_leave_one_out_agrees_with_leaving_one_out() -> None:
    """The closed form against conditioning on all others, parameters kept."""
    model, densities = fit(data(10)), []
    for i in range(10):
        rest = np.arange(10) != i
        others = Data(model.data.inputs[rest], model.data.values[rest], model.data.deviations[rest])
        mean, deviation = _predict(Regression(others, model.fitted), model.data.inputs[i : i + 1])
        variance = deviation[0] ** 2 + model.fitted.spread**2 * model.noise
        densities.append(-0.5 * ((model.data.values[i] - mean[0]) ** 2 / variance + np.log(2 * np.pi * variance)))
    assert model.held_out() == pytest.approx(np.mean(densities), abs=1e-6)


def test_a_recalled_model_is_the_trained_one_to_the_bit() -> None:
    """Through bytes."""
    model = fit(data())
    again = recall_regression(unpack(pack(model.to_contents())), data())
    points = np.random.default_rng(3).random((20, 3))
    assert (model.posterior(points).mean == again.posterior(points).mean).all()
    assert model.held_out() == again.held_out()


def test_degenerate_data_train() -> None:
    """One observation; equal values; equal inputs."""
    flat = data(6)
    for few in (
        data(1),
        Data(flat.inputs, np.full(6, 3.0), flat.deviations),
        Data(np.full((6, 3), 0.5), flat.values, flat.deviations),
    ):
        assert np.isfinite(_predict(fit(few), flat.inputs)[0]).all()
    assert fit(data(2)).held_out() is None


def test_a_model_of_nothing_or_a_foreign_checkpoint_is_refused() -> None:
    """With what to do."""
    with pytest.raises(SurrogateError, match="at least one"):
        fit(Data(np.zeros((0, 3)), np.zeros(0), np.zeros(0)))
    contents = fit(data()).to_contents()
    with pytest.raises(CheckpointError, match="forest"):
        recall_regression(Contents(contents.arrays, {"kind": "forest"}), data())
    two = Data(np.zeros((4, 2)), np.arange(4.0), np.ones(4))
    with pytest.raises(CheckpointError, match="does not fit 2 parameters"):
        recall_regression(contents, two)
