"""Samples whose conclusions say that they are hits."""

from dataclasses import replace

import numpy as np

from lab_agents.hits import is_hit
from planners.beliefs import Beliefs
from planners.outcomes import learn_outcomes
from planners.protocols import Ask
from planners.questions import sorted_observations
from planners.stating import Stating
from tests.contracts.planner import BOX, question
from tests.unit.planners.test_beliefs import BELOW


def asked(n: int = 30) -> Ask:
    """A loss that must be above a bound, which it is where it is hot; the colder the better."""
    return replace(question(BOX, n_observed=n), target=BELOW)


def test_stated_samples_are_those_that_the_conclusions_call_hits() -> None:
    """By the arithmetic of hits, where no observation is doubted and the model is straight."""
    ask = asked()
    models = learn_outcomes(ask)
    stated = Stating(ask, sorted(models.items()), 16).stated
    hits = [
        is_hit(ask.target, {n: (o.value, o.deviation) for n, o in one.outcomes.items()})
        for one in sorted_observations(ask)
    ]
    assert any(hits)
    assert stated.tolist() == hits


def test_a_sample_that_was_not_read_is_not_stated() -> None:
    """Nor is any where a whole property was never read."""
    ask = asked()
    blind = replace(ask, observations=tuple(replace(o, outcomes={}) for o in ask.observations))
    assert not Stating(blind, [], 16).stated.any()


def test_what_is_to_be_stated_keeps_a_distance_from_the_bound() -> None:
    """The best that can be made lies on it, where a measurement cannot decide."""
    ask = asked()
    vague = tuple(
        replace(o, outcomes={n: replace(x, deviation=5e3) for n, x in o.outcomes.items()}) for o in ask.observations
    )
    ask = replace(ask, observations=vague)
    beliefs = Beliefs(ask, learn_outcomes(ask))
    points = np.stack([np.linspace(150.0, 400.0, 101), np.full(101, 1.7)], axis=1)
    best, stated = points[beliefs.score(points).argmax(), 0], points[beliefs.score_stated(points).argmax(), 0]
    assert stated > best
