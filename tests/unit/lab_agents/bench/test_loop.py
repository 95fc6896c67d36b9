"""The bench's loop."""

from collections.abc import Sequence

import pytest

from lab_agents.bench.loop import MOST_FRUITLESS, run_bench
from lab_agents.records.campaign import Budget, CampaignPlan, PlannerChoice
from lab_agents.records.space import Candidate
from lab_agents.records.target import Target
from planners.bayesian import BayesianPlanner
from planners.protocols import Ask, Checkpoint, Learned, Outcome, Planner, Refused, Scored
from planners.random_choice import RandomPlanner
from planners.space_filling import SpaceFillingPlanner
from tests.contracts.planner import POOL, SIMPLEX


class Bowl:
    """Squares of fractions; mixtures with too much of `a` are refused."""

    def __init__(self, most: float = 1.0) -> None:
        self.most = most

    def observe(self, sample: str, candidate: Candidate) -> Learned | Refused:
        """Sum of squares, exactly."""
        values = tuple(candidate.values.values())
        if values[0] > self.most:
            return Refused(values, ("line_a",))
        return Learned(sample, values, {"loss": Outcome(sum(x * x for x in values), 1e-6)})


def plan(samples: int = 12, batch: int = 1) -> CampaignPlan:
    """A small campaign."""
    return CampaignPlan(
        name="bowl",
        target=Target(property="loss", direction="minimize"),
        space=SIMPLEX,
        budget=Budget(samples=samples),
        batch=batch,
        planner=PlannerChoice(initial=5),
        measurements=("transmission_trace",),
        seed=3,
        content="0" * 64,
    )


@pytest.mark.parametrize("planner", [RandomPlanner(), SpaceFillingPlanner(), BayesianPlanner()], ids=lambda p: p.name)
@pytest.mark.parametrize("batch", [1, 5])
def test_a_campaign_spends_its_budget_on_different_candidates(planner: Planner, batch: int) -> None:
    """Twelve samples, whatever the batch; the last batch is cut to what is left."""
    course = run_bench(plan(batch=batch), POOL, planner, Bowl())
    assert len(course.learned) == len(set(course.made)) == 12
    assert [o.sample for o in course.learned] == [f"bowl-{i:04d}" for i in range(1, 13)]


def test_a_campaign_repeated_is_the_same() -> None:
    """Bit for bit, with a planner that trains."""
    first, second = (run_bench(plan(batch=3), POOL, BayesianPlanner(), Bowl()) for _ in range(2))
    assert first == second


def test_refused_candidates_cost_no_budget_and_are_not_proposed_again() -> None:
    """A quarter of the pool cannot be made."""
    course = run_bench(plan(samples=30, batch=4), POOL, BayesianPlanner(), Bowl(most=0.35))
    assert len(course.learned) == 30
    assert course.refused
    assert len(set(course.made)) == len(course.made) == 30 + len(course.refused)


def test_a_pool_that_is_used_up_ends_the_campaign() -> None:
    """66 mixtures cannot fill a budget of 80."""
    assert len(run_bench(plan(samples=80, batch=8), POOL, RandomPlanner(), Bowl()).learned) == len(POOL)


def test_a_campaign_that_nobody_can_serve_ends() -> None:
    """It does not spin through the night."""
    course = run_bench(plan(), POOL, RandomPlanner(), Bowl(most=-1.0))
    assert course.learned == []
    assert len(course.refused) == MOST_FRUITLESS


class Noted:
    """A planner that trains and notes what it is asked with."""

    name = "noted"

    def __init__(self) -> None:
        self.checkpoints: list[bytes | None] = []

    def propose(self, ask: Ask) -> Sequence[Scored]:
        """As the random planner."""
        self.checkpoints.append(ask.checkpoint)
        return RandomPlanner().propose(ask)

    def retrain(self, ask: Ask) -> Checkpoint:
        """The number of observations as a checkpoint."""
        return Checkpoint(b"%d" % len(ask.observations), None)


def test_each_ask_after_the_beginning_uses_the_model_of_all_observations() -> None:
    """As in the laboratory, where planning waits for the model of the batch's last observation."""
    planner = Noted()
    run_bench(plan(samples=9, batch=2), POOL, planner, Bowl())
    assert planner.checkpoints == [None, None, None, b"6", b"8"]
