"""The yardstick."""

from dataclasses import replace

import pytest

from planners.benchmarks.plain_gp import PlainGaussianProcess
from planners.errors import QuestionError
from planners.random_choice import RandomPlanner
from tests.contracts.planner import BOX, POOL, question, rows


def test_it_begins_at_random() -> None:
    """As everybody's ten lines do."""
    asked = replace(question(n_observed=2, n=1), initial=5)
    assert PlainGaussianProcess().propose(asked) == RandomPlanner().propose(asked)


def test_it_finds_the_bottom_of_a_bowl() -> None:
    """Among the best candidates left of the pool, and the same one when asked twice."""
    asked = question(n_observed=20, n=1)
    planner = PlainGaussianProcess()
    chosen = rows(list(planner.propose(asked)))[0]
    left = sorted((p for p in POOL if p not in asked.made), key=lambda p: sum(x * x for x in p))
    assert chosen in left[:10]
    assert rows(list(planner.propose(asked))) == [chosen]


def test_it_refuses_what_it_was_not_made_for() -> None:
    """Batches and continuous spaces."""
    with pytest.raises(QuestionError):
        PlainGaussianProcess().propose(question(n=2))
    with pytest.raises(QuestionError):
        PlainGaussianProcess().propose(question(BOX, n=1))


def test_a_pool_that_is_used_up_ends_it() -> None:
    """With nothing."""
    assert list(PlainGaussianProcess().propose(replace(question(n=1), made=POOL))) == []
