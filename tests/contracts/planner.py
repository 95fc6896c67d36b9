"""What every planner must do. Subclass `PlannerContract` with a fixture `planner` to try one of your own.

class TestMyPlanner(PlannerContract):
@pytest.fixture
def planner(self):
return MyPlanner({})
"""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from lab_agents.records.space import DesignSpace, Parameter
from lab_agents.records.target import Target
from planners.protocols import Ask, Learned, Outcome, Planner, Refused, Retrainer, Scored
from planners.spaces import is_inside

BOX = DesignSpace(
    parameters=(
        Parameter(name="temperature", lower=20.0, upper=420.0, unit="°C"),
        Parameter(name="time", lower=0.5, upper=3.0, unit="h"),
    )
)
SIMPLEX = DesignSpace(
    parameters=tuple(Parameter(name=n, lower=0.0, upper=1.0) for n in ("a", "b", "c")), simplices=(("a", "b", "c"),)
)
CUT_SIMPLEX = DesignSpace(
    parameters=(
        Parameter(name="a", lower=0.1, upper=0.5),
        Parameter(name="b", lower=0.0, upper=0.45),
        Parameter(name="c", lower=0.05, upper=0.3),
    ),
    simplices=(("a", "b", "c"),),
)
SPACES = {"box": BOX, "simplex": SIMPLEX, "cut simplex": CUT_SIMPLEX}

POOL = tuple((i / 10, j / 10, (10 - i - j) / 10) for i, j in itertools.product(range(11), repeat=2) if i + j <= 10)
"""66 mixtures of three."""


def question(space: DesignSpace = SIMPLEX, *, n_observed: int = 8, direction: str = "minimize", n: int = 3) -> Ask:
    """A question in the middle of a campaign; with a pool where the space is the plain simplex."""
    pool = POOL if space is SIMPLEX else None
    draws = random.Random(7)
    points = draws.sample(POOL, n_observed) if pool else [_point(space, draws) for _ in range(n_observed)]
    sign = 1.0 if direction == "minimize" else -1.0
    observations = tuple(
        Learned(f"s-{i:04d}", p, {"loss": Outcome(sign * (sum(x**2 for x in p) + 0.01 * draws.random()), 0.01)})
        for i, p in enumerate(points)
    )
    target = Target.model_validate({"property": "loss", "direction": direction})
    made = tuple(points)
    return Ask(target, space, observations, (), made, (), pool, None, n, min(4, n_observed), seed=11, number=3)


def _point(space: DesignSpace, draws: random.Random) -> tuple[float, ...]:
    # Fixed mixtures of the bounds' corners lie in a box; the cut simplex has this one family of points.
    if space.is_mixture:
        a = draws.uniform(0.3, 0.5)
        return (a, 0.9 - a, 0.1)
    return tuple(draws.uniform(p.lower, p.upper) for p in space.parameters)


def rows(scored: list[Scored] | tuple[Scored, ...]) -> list[tuple[float, ...]]:
    """The candidates' values in the order of their parameters."""
    return [tuple(s.candidate.values.values()) for s in scored]


class PlannerContract:
    """Claims about every planner."""

    @pytest.fixture
    def planner(self) -> Planner:
        """The planner under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("name", SPACES)
    @pytest.mark.parametrize("n_observed", [0, 1, 8])
    def test_a_proposal_never_leaves_the_space(self, planner: Planner, name: str, n_observed: int) -> None:
        """With or without observations, in a box, on a simplex, on a simplex with bounds."""
        space = SPACES[name]
        asked = replace(question(space, n_observed=n_observed), pool=None)
        scored = planner.propose(asked)
        assert len(scored) == 3
        for s in scored:
            assert list(s.candidate.values) == [p.name for p in space.parameters]
            assert is_inside(space, np.array(list(s.candidate.values.values())))

    def test_a_pool_is_kept_to_and_nothing_is_proposed_twice(self, planner: Planner) -> None:
        """What was made, is pending or was refused by all bidders is not proposed again."""
        asked = question()
        left = [p for p in POOL if p not in asked.made]
        asked = replace(asked, pending=tuple(left[:2]), refused=(Refused(left[2], ("line_a",)),), n=5)
        proposed = rows(planner.propose(asked))
        assert len(set(proposed)) == 5
        assert set(proposed) <= set(left[3:])

    def test_equal_questions_get_equal_answers(self, planner: Planner) -> None:
        """Bit for bit, also from an object that was asked other things before."""
        asked = question()
        first = planner.propose(asked)
        planner.propose(replace(asked, number=9, seed=5))
        assert list(planner.propose(asked)) == list(first)

    def test_the_order_of_what_was_learned_does_not_matter(self, planner: Planner) -> None:
        """Observations, pending, made and refused candidates arrive in any order."""
        asked = question()
        left = [p for p in POOL if p not in asked.made]
        asked = replace(asked, pending=tuple(left[:3]), refused=tuple(Refused(p, ("b",)) for p in left[5:8]))
        turned = replace(
            asked,
            observations=asked.observations[::-1],
            pending=asked.pending[::-1],
            made=asked.made[::-1],
            refused=asked.refused[::-1],
        )
        assert list(planner.propose(turned)) == list(planner.propose(asked))

    @pytest.mark.parametrize("name", SPACES)
    def test_maximizing_y_proposes_what_minimizing_its_opposite_proposes(self, planner: Planner, name: str) -> None:
        """A direction is a sign and nothing else."""
        down = planner.propose(question(SPACES[name]))
        up = planner.propose(question(SPACES[name], direction="maximize"))
        assert rows(list(up)) == rows(list(down))
        assert [s.acquisition for s in up] == [s.acquisition for s in down]

    def test_a_pool_is_used_up_and_then_nothing_is_proposed(self, planner: Planner) -> None:
        """The last candidates are proposed although fewer are left than were asked for."""
        asked = question()
        almost = replace(asked, made=POOL[:-2], n=4)
        assert set(rows(planner.propose(almost))) == set(POOL[-2:])
        assert list(planner.propose(replace(asked, made=POOL))) == []

    def test_a_trained_checkpoint_changes_no_answer(self, planner: Planner) -> None:
        """A planner that trains proposes the same from its checkpoint as when it trains on being asked."""
        asked = question()
        if isinstance(planner, Retrainer):
            checkpoint = planner.retrain(asked)
            assert planner.retrain(asked) == checkpoint
            assert list(planner.propose(replace(asked, checkpoint=checkpoint.data))) == list(planner.propose(asked))
