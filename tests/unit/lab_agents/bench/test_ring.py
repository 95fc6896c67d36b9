"""The ring in one process: agents of the replay laboratory, and a world that only lets time pass."""

from datetime import timedelta

import pytest

from lab_agents.agents.behaviour import AgentState, JobOutcome
from lab_agents.assembly import behaviour_of
from lab_agents.bench.ring import Ring, RingStuckError
from lab_agents.messages.commands import StartCampaign
from lab_agents.messages.course import CampaignFinished
from lab_agents.messages.work import MeasurementTaken, SampleMade
from lab_agents.records.questions import AnalyseArguments, AskArguments, TrainArguments
from lab_agents.records.recipe import Task
from tests.model_lab import START, World, analyse, ask, laboratory, plan, train


class Model:
    """The model laboratory's world, as a performer."""

    def __init__(self) -> None:
        self.world = World({"tester": "stage_t", "coater_a": "stage_a", "coater_b": "stage_b"})

    def perform(self, task: Task, now):
        """As long as its acts take."""
        outcome = self.world.perform(task, now)
        return max(result.ended_at for result in outcome.results), outcome

    def discard(self, sample: str) -> None:
        """Take it away."""
        self.world.discard(sample)


def compute(name: str, arguments: str) -> JobOutcome:
    """The model laboratory's answers."""
    questions = {"ask": (AskArguments, ask), "analyse": (AnalyseArguments, analyse), "train": (TrainArguments, train)}
    question, answer = questions[name]
    return JobOutcome(ok=True, answer=answer(question.model_validate_json(arguments)).model_dump_json())


def begun(seed: int = 0, n: int = 4) -> Ring:
    """A ring with a campaign."""
    ring = Ring(laboratory(), behaviour_of, Model(), compute, START, seed)
    ring.say("bench", StartCampaign(plan=plan(n=n), person="ada"), "opv")
    return ring


def bodies(ring: Ring, kind: type) -> list:
    """The records of a kind."""
    return [logged.entry.record for logged in ring.log if isinstance(logged.entry.record, kind)]


def test_a_campaign_runs_to_its_end_while_the_clock_jumps():
    ring = begun()
    ring.run()
    (finished,) = bodies(ring, CampaignFinished)
    assert (finished.n_made, finished.n_observed, finished.n_failed) == (4, 4, 0)
    assert len(bodies(ring, SampleMade)) == len(bodies(ring, MeasurementTaken)) == 4
    # Four soaks of an hour on one tester.
    assert ring.now - START > timedelta(hours=4)


def test_equal_seeds_give_equal_logs():
    one, other = begun(3), begun(3)
    one.run()
    other.run()
    assert [logged.entry for logged in one.log] == [logged.entry for logged in other.log]


class Owing(AgentState):
    """An agent that owes an answer for ever."""

    def owed(self) -> tuple[str, ...]:
        """One answer."""
        return ("an answer",)


class Idle:
    """Rules by which nothing is ever done."""

    name, kinds = "idle", frozenset[str]()

    def start(self) -> Owing:
        """It owes from the beginning."""
        return Owing()


def test_a_ring_in_which_nobody_acts_although_something_is_owed_says_so():
    ring = Ring(laboratory(), lambda name, lab: Idle(), Model(), compute, START, 0)
    with pytest.raises(RingStuckError, match="an answer, an answer"):
        ring.run()
