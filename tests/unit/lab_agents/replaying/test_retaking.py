from datetime import timedelta

import pytest

from lab_agents.agents.behaviour import ALL_MATTER, AgentState, Draft, JobOutcome
from lab_agents.messages.course import CampaignPaused
from lab_agents.messages.entry import Entry
from lab_agents.messages.frames import Logged, Seal
from lab_agents.messages.life import AgentStarted
from lab_agents.replaying.retaking import Retaking
from tests.logbook import START


class Nothing(AgentState):
    """No state."""


class Twice:
    """Decides two things on every pause of others."""

    kinds = frozenset({"CampaignPaused"})
    only_told = ALL_MATTER

    def start(self):
        """Nothing."""
        return Nothing()

    def apply(self, state, logged):
        """Nothing changes."""
        return state

    def decide(self, before, after, logged):
        """Two entries."""
        if logged.seal.source == "me":
            return ()
        return tuple(Draft(body=CampaignPaused(reason=f"{n}"), subject="x") for n in range(2))

    def conclude(self, job, outcome: JobOutcome):
        """There are no jobs."""
        return ()


class Log:
    """Hands entries to an agent."""

    def __init__(self) -> None:
        self.agent = Retaking("me", Twice(), None)
        self.position = 0

    def add(self, source, body, entry_id, cause=None) -> int:
        """The next entry."""
        self.position += 1
        at = START + timedelta(minutes=self.position)
        entry = Entry(
            id=entry_id, kind=type(body).__name__, schema_version=1, at=at, subject="x", cause=cause, record=body
        )
        seal = Seal(
            log="l", position=self.position, chain="0" * 64, source=source, epoch=1, sequence=1, recorded_at=START
        )
        self.agent.take(Logged(seal=seal, entry=entry))
        return self.position

    def pause(self) -> int:
        """Somebody else's pause."""
        return self.add("other", CampaignPaused(reason="go"), f"other/{self.position}/0")


@pytest.fixture
def log() -> Log:
    """An agent that was just born."""
    log = Log()
    log.add("me", AgentStarted(agent="me", epoch=1, version="1"), "me/epoch/1")
    return log


def test_half_of_a_decision_at_the_end_is_in_flight(log):
    """The first entry was recorded, the second was about to be."""
    cause = log.pause()
    log.add("me", CampaignPaused(reason="0"), f"me/{cause}/0", cause)
    (stretch,), in_flight = log.agent.finish()
    assert (stretch.n_decisions, stretch.differences) == (1, ())
    assert in_flight == (f"me/{cause}/1",)


def test_an_entry_that_was_skipped_is_a_difference(log):
    """An agent submits in order."""
    cause = log.pause()
    log.add("me", CampaignPaused(reason="1"), f"me/{cause}/1", cause)
    (stretch,), in_flight = log.agent.finish()
    assert [one.id for one in stretch.differences] == [f"me/{cause}/0"]
    assert in_flight == ()


def test_a_wrong_cause_is_a_difference(log):
    """The envelope is part of the decision."""
    cause = log.pause()
    log.add("me", CampaignPaused(reason="0"), f"me/{cause}/0", None)
    (stretch,), _ = log.agent.finish()
    assert stretch.differences[0].what == f"cause was None, is {cause}"


def test_each_version_has_its_stretch(log):
    """Births say which software decides from there on."""
    for version in ("1", "2"):
        cause = log.pause()
        for n in range(2):
            log.add("me", CampaignPaused(reason=f"{n}"), f"me/{cause}/{n}", cause)
        log.add("me", AgentStarted(agent="me", epoch=2, version=f"{int(version) + 1}"), f"me/epoch/{version}x")
    stretches, _ = log.agent.finish()
    assert [(one.version, one.n_decisions) for one in stretches] == [("1", 2), ("2", 2), ("3", 0)]
