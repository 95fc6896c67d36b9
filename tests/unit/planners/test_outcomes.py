"""What is believed of each property."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from lab_agents.records.target import Constraint, Target
from planners.outcomes import (
    READABLE,
    OutcomeModel,
    held_out,
    learn_outcomes,
    log_between,
    recall_outcomes,
    to_contents,
)
from planners.protocols import Ask, Outcome
from planners.regression import fit
from planners.surrogates import Data
from planners.warps import STRAIGHT, Bilog, Logit, Warp
from tests.contracts.planner import question


@pytest.mark.parametrize(("low", "high"), [(-1.0, 2.0), (0.5, 0.6), (3.0, 4.0), (-4.0, -3.0)])
def test_a_chance_between_two_bounds_is_the_difference_of_two_tails(low: float, high: float) -> None:
    """Where the difference keeps its digits."""
    expected = np.log(norm.cdf(high) - norm.cdf(low))
    assert log_between(np.array(low), np.array(high)) == pytest.approx(expected, rel=1e-9)


def test_a_chance_far_out_is_small_and_not_nothing() -> None:
    """On both sides, and the same on both."""
    right, left = log_between(np.array(40.0), np.array(41.0)), log_between(np.array(-41.0), np.array(-40.0))
    assert right == left
    assert -810 < float(right) < -800


def test_an_open_side_refuses_nothing() -> None:
    """One bound leaves one tail, none leaves certainty."""
    assert log_between(None, np.array(1.0)) == pytest.approx(norm.logcdf(1.0))
    assert log_between(np.array(1.0), None) == pytest.approx(norm.logsf(1.0))
    assert log_between(None, None) == 0.0


def _wave(n: int = 40, seed: int = 0) -> Data:
    inputs = np.random.default_rng(seed).random((n, 2))
    return Data(inputs, np.sin(4 * inputs[:, 0]) + inputs[:, 1], np.full(n, 0.01))


@pytest.mark.parametrize("warp", [STRAIGHT, Bilog(0.5, 0.1)])
def test_chances_follow_how_often_bounds_are_kept(warp: Warp) -> None:
    """Straight or warped: near one where the outcome lies well inside, near zero where well outside."""
    data = _wave()
    warped = Data(data.inputs, warp.forth(data.values), data.deviations * warp.slope(data.values))
    model = OutcomeModel(fit(warped), warp, lower=0.5, upper=1.2)
    points = np.random.default_rng(7).random((300, 2))
    truth = np.sin(4 * points[:, 0]) + points[:, 1]
    posterior = model.regression.posterior(points)
    chance = np.exp(model.log_chance(posterior.mean, np.sqrt(model.regression.variance(posterior))))
    assert chance[(truth > 0.6) & (truth < 1.1)].mean() > 0.9
    assert chance[(truth < 0.4) | (truth > 1.3)].mean() < 0.05
    assert np.abs([o.value for o in model.predict(points)] - truth).mean() < 0.05
    assert (model.is_met_by(posterior.mean) == (np.exp(model.log_chance(posterior.mean, np.array(1e-6))) > 0.5)).all()


def _constrained(ask: Ask, *constraints: Constraint) -> Ask:
    return replace(ask, target=Target(property="loss", direction="minimize", constraints=constraints))


def _with(ask: Ask, name: str, values: list[float]) -> Ask:
    observations = tuple(
        replace(o, outcomes={**o.outcomes, name: Outcome(v, 0.01)})
        for o, v in zip(ask.observations, values, strict=True)
    )
    return replace(ask, observations=observations)


def test_outcomes_with_a_long_tail_are_warped_and_even_ones_are_not() -> None:
    """By the density of what was held out."""
    ask = question(n_observed=30)
    even = [o.values[0] for o in ask.observations]
    tailed = [float(np.expm1(6 * x) * 0.1 + 0.9) for x in even]
    constraint = Constraint(property="purity", lower=1.0)
    assert learn_outcomes(_with(_constrained(ask, constraint), "purity", even))["purity"].warp == STRAIGHT
    assert learn_outcomes(_with(_constrained(ask, constraint), "purity", tailed))["purity"].warp == Bilog(1.0, 0.02)


def test_bounds_on_the_objective_turn_round_with_it() -> None:
    """A minimized property is learned with its sign changed, and so are its bounds."""
    ask = _constrained(question(), Constraint(property="loss", lower=0.1, upper=0.5))
    model = learn_outcomes(ask)["loss"]
    assert (model.lower, model.upper) == (-0.5, -0.1)


def test_readability_is_learned_only_where_something_was_missing() -> None:
    """And a property that nobody read has no model."""
    gap = Constraint(property="gap", lower=1.0)
    ask = _with(_constrained(question(), gap), "gap", [1.0 + o.values[0] for o in question().observations])
    assert set(learn_outcomes(ask)) == {"gap", "loss"}
    lost = replace(ask.observations[0], outcomes={}, missing=frozenset({"gap"}))
    assert set(learn_outcomes(replace(ask, observations=(lost, *ask.observations[1:])))) == {"gap", "loss", READABLE}
    assert set(learn_outcomes(_constrained(question(), gap))) == {"loss"}


def test_recalled_models_are_the_learned_ones() -> None:
    """Warps and readability included."""
    gap = Constraint(property="gap", lower=1.0)
    ask = _with(_constrained(question(), gap), "gap", [1.0 + o.values[0] ** 4 for o in question().observations])
    lost = replace(ask.observations[0], outcomes={}, missing=frozenset({"gap"}))
    ask = replace(ask, observations=(lost, *ask.observations[1:]))
    learned = learn_outcomes(ask)
    again = recall_outcomes({name: to_contents(model) for name, model in learned.items()}, ask)
    point = np.array([[0.2, 0.3, 0.5]])
    for name, model in learned.items():
        assert again[name].predict(point) == model.predict(point)
        assert (again[name].lower, again[name].warp) == (model.lower, model.warp)
        assert held_out(again[name]) == held_out(model)


def test_a_share_that_is_lost_to_several_causes_is_learned_as_its_logit() -> None:
    """Where every value lies between 0 and 1; elsewhere no share is supposed."""
    ask = question(n_observed=40)
    shares = [0.99 / (1.0 + np.exp(6.0 * (o.values[0] + o.values[1]) - 5.0)) for o in ask.observations]
    bound = Constraint(property="share", lower=0.9)
    assert isinstance(learn_outcomes(_with(_constrained(ask, bound), "share", shares))["share"].warp, Logit)
    larger = _with(_constrained(ask, bound), "share", [3.0 * share for share in shares])
    assert not isinstance(learn_outcomes(larger)["share"].warp, Logit)
