"""Scores under constraints."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from lab_agents.records.target import Constraint, Target
from planners.beliefs import Beliefs, known_objective
from planners.errors import QuestionError
from planners.outcomes import learn_outcomes
from planners.protocols import Ask
from planners.spaces import to_unit
from tests.contracts.planner import BOX, question

BELOW = Target(
    property="heat",
    direction="minimize",
    parameter="temperature",
    constraints=(Constraint(property="loss", lower=5e4),),
)
"""The contract's loss is about the square of the temperature: it must be 220 °C or more."""


def _ask(target: Target = BELOW, n: int = 25) -> Ask:
    return replace(question(BOX, n_observed=n), target=target)


def _points(*temperatures: float) -> np.ndarray:
    return np.array([[t, 1.7] for t in temperatures])


def test_without_pending_the_score_is_the_gain_times_the_chance() -> None:
    """Where it is certain which observed samples are feasible."""
    ask = _ask()
    models = learn_outcomes(ask)
    points = _points(150.0, 215.0, 225.0, 240.0)
    best = min(o.values[0] for o in ask.observations if o.outcomes["loss"].value > 5e4)
    model = models["loss"].regression
    posterior = model.posterior(to_unit(BOX, points))
    deviation = np.sqrt(model.variance(posterior) + model.fitted.scatter)
    chance = norm.sf((model.standardized(5e4) - posterior.mean) / deviation)
    scores = np.exp(Beliefs(ask, models).score(points))
    promising = best - points[:, 0] > 5.0
    assert promising.any()
    assert scores[promising] == pytest.approx(((best - points[:, 0]) * chance)[promising], rel=0.15, abs=1e-6)


def test_scores_are_finite_where_nothing_can_be_gained() -> None:
    """And less than where something can."""
    scores = Beliefs(_ask(), learn_outcomes(_ask())).score(_points(21.0, 400.0, 222.0))
    assert np.isfinite(scores).all()
    assert scores.argmax() == 2


def test_while_nothing_is_feasible_any_likely_candidate_gains() -> None:
    """The gain is counted from the worst objective, so that less of it still counts for more."""
    ask = _ask()
    cold = replace(ask, observations=tuple(o for o in ask.observations if o.values[0] < 180.0))
    scores = Beliefs(cold, learn_outcomes(cold)).score(_points(60.0, 300.0))
    assert scores[1] > scores[0]


def test_a_pending_candidate_takes_the_gain_from_its_neighbours() -> None:
    """Chosen or in the making: what is likely feasible there need not be found twice."""
    ask = _ask()
    beliefs = Beliefs(ask, learn_outcomes(ask))
    near = _points(226.0)
    before = beliefs.score(near)[0]
    beliefs.choose(_points(225.0)[0])
    assert beliefs.score(near)[0] < before - 0.5
    pending = replace(ask, pending=((225.0, 1.7),))
    assert Beliefs(pending, learn_outcomes(pending)).score(near)[0] < before - 0.5


def test_a_modelled_objective_gains_by_its_expected_improvement() -> None:
    """Without constraints the best region is where the loss is least."""
    ask = _ask(Target(property="loss", direction="minimize"))
    scores = Beliefs(ask, learn_outcomes(ask)).score(_points(25.0, 150.0, 400.0))
    assert scores.argmax() == 0
    assert scores.argmin() == 2


def test_the_most_promising_samples_are_feasible_and_good() -> None:
    """In that order."""
    ask = _ask()
    promising = Beliefs(ask, learn_outcomes(ask)).promising(3)
    feasible = sorted(o.values[0] for o in ask.observations if o.outcomes["loss"].value > 5.5e4)
    assert promising.shape == (3, 2)
    assert promising[0, 0] <= feasible[1]


def test_a_maximized_parameter_is_better_where_it_is_larger() -> None:
    """And counts from its lower end."""
    up = BELOW.model_copy(update={"direction": "maximize"})
    objective = known_objective(_ask(up))
    assert objective is not None
    assert (objective.lowest, objective.span) == (20.0, 400.0)
    assert (np.diff(objective.of(_points(30.0, 40.0))) > 0).all()
    assert known_objective(_ask(Target(property="loss", direction="minimize"))) is None
    with pytest.raises(QuestionError, match="pressure is none of the space's: temperature, time"):
        known_objective(_ask(BELOW.model_copy(update={"parameter": "pressure"})))
