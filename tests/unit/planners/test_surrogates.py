"""The Gaussian process."""

from dataclasses import replace

import numpy as np
import pytest

from planners.checkpoints import Contents, pack, unpack
from planners.errors import CheckpointError, SurrogateError
from planners.surrogates import Data, recall, train


def data(n: int = 15, *, noise: float = 0.05, seed: int = 0) -> Data:
    """A wave in two dimensions with noise, in a unit far from one."""
    generator = np.random.default_rng(seed)
    inputs = generator.random((n, 2))
    wave = np.sin(5 * inputs[:, 0]) + inputs[:, 1]
    return Data(inputs, 1000.0 + 50.0 * (wave + noise * generator.normal(size=n)), np.full(n, 50.0 * noise))


def test_predictions_follow_the_truth_within_their_deviations() -> None:
    """At new points, in the unit of the values."""
    surrogate = train(data(40), seed=1)
    points = np.random.default_rng(9).random((200, 2))
    mean, deviation = surrogate.predict(points)
    z = (mean - 1000.0 - 50.0 * (np.sin(5 * points[:, 0]) + points[:, 1])) / deviation
    assert np.mean(np.abs(z) < 2) > 0.85
    assert np.abs(mean - mean.mean()).max() > 20


def test_a_recalled_model_is_the_trained_one_to_the_bit() -> None:
    """Through bytes."""
    surrogate = train(data(), seed=1)
    points = np.random.default_rng(3).random((20, 2))
    again = recall(unpack(pack(surrogate.to_contents())), data())
    for ours, theirs in zip(surrogate.posterior(points), again.posterior(points), strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())


def test_a_recalled_model_learns_from_observations_made_since() -> None:
    """Parameters are the checkpoint's, data the question's; values far from the old ones raise no complaint."""
    contents = train(data(8), seed=1).to_contents()
    more = data(30)
    mean, _ = recall(contents, more).predict(more.inputs)
    assert np.abs(mean - more.values).mean() < 10


def test_training_is_the_same_twice() -> None:
    """Equal data and seed, equal bytes."""
    assert pack(train(data(), seed=4).to_contents()) == pack(train(data(), seed=4).to_contents())


def test_leave_one_out_agrees_with_leaving_one_out() -> None:
    """The closed form against conditioning on all others, parameters kept."""
    full = data(10)
    surrogate = train(full, seed=2)
    contents, densities = surrogate.to_contents(), []
    for i in range(10):
        rest = np.arange(10) != i
        others = recall(contents, Data(full.inputs[rest], full.values[rest], full.deviations[rest]))
        mean, deviation = others.predict(full.inputs[i : i + 1])
        variance = deviation[0] ** 2 + surrogate.scale**2 * surrogate.noise
        densities.append(-0.5 * ((full.values[i] - mean[0]) ** 2 / variance + np.log(2 * np.pi * variance)))
    assert surrogate.held_out() == pytest.approx(np.mean(densities), abs=1e-3)


def test_the_held_out_density_is_in_the_targets_unit() -> None:
    """Values in thousandths of the unit have a density a thousand times larger."""
    full = data()
    small = Data(full.inputs, full.values / 1000, full.deviations / 1000)
    large_density, small_density = train(full, seed=1).held_out(), train(small, seed=1).held_out()
    assert large_density is not None
    assert small_density is not None
    assert small_density - large_density == pytest.approx(np.log(1000), abs=0.05)


@pytest.mark.parametrize("n", [1, 2])
def test_few_observations_train_and_have_no_held_out_density(n: int) -> None:
    """A campaign's first observations."""
    surrogate = train(data(n), seed=0)
    assert surrogate.held_out() is None
    assert np.isfinite(surrogate.predict(np.array([[0.5, 0.5]]))[1]).all()


def test_equal_values_and_equal_inputs_train() -> None:
    """Degenerate data are no accident in a laboratory: a dead detector, one candidate ten times."""
    flat = replace(data(6), values=np.full(6, 3.0))
    assert np.isfinite(train(flat, seed=0).predict(flat.inputs)[0]).all()
    same = replace(data(6), inputs=np.full((6, 2), 0.5))
    assert np.isfinite(train(same, seed=0).predict(same.inputs)[0]).all()


def test_a_more_certain_observation_counts_more() -> None:
    """Two contradicting observations at one place: the mean lies nearer to the certain one."""
    inputs = np.array([[0.2, 0.2], [0.8, 0.8], [0.5, 0.5], [0.5, 0.5]])
    uncertain = Data(inputs, np.array([0.0, 1.0, 2.0, -1.0]), np.array([0.01, 0.01, 0.01, 3.0]))
    assert train(uncertain, seed=0).predict(inputs[2:3])[0][0] > 1.0


def test_nothing_cannot_be_learned_from() -> None:
    """The message says what to do."""
    with pytest.raises(SurrogateError, match="at least one"):
        train(Data(np.zeros((0, 2)), np.zeros(0), np.zeros(0)), seed=0)


def test_a_checkpoint_of_another_kind_or_space_is_refused() -> None:
    """It is never bent to fit."""
    contents = train(data(), seed=0).to_contents()
    with pytest.raises(CheckpointError, match="forest"):
        recall(Contents(contents.arrays, {"kind": "forest"}), data())
    three = Data(np.zeros((4, 3)), np.arange(4.0), np.ones(4))
    with pytest.raises(CheckpointError, match="does not fit 3 parameters"):
        recall(contents, three)
    with pytest.raises(CheckpointError, match="standardized"):
        recall(Contents({}, contents.meta), data())
