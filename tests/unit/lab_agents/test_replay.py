from pathlib import Path

import pytest

from lab_agents import __version__
from lab_agents.agents.behaviour import ALL_MATTER, AgentState, Draft, Job, JobOutcome
from lab_agents.messages import commands, course, life
from lab_agents.records.laboratory import AgentDeclaration, Laboratory
from lab_agents.records.ticket import Trouble
from lab_agents.replay import replay
from tests.logbook import LogBook

PLANNING = Laboratory(name="toy", agents={"planning": AgentDeclaration(role="planning")}, instruments={})


class Counted(AgentState):
    """Pauses heard of, and the jobs they opened."""

    heard: int = 0
    wanted: tuple[Job, ...] = ()

    def jobs(self) -> tuple[Job, ...]:
        """All that are open."""
        return self.wanted


class Counting:
    """Answers every pause with its number, and has that number doubled."""

    kinds = frozenset({"PauseCampaign"})
    only_told = ALL_MATTER

    def start(self) -> Counted:
        """Nothing heard."""
        return Counted()

    def apply(self, state, logged):
        """Count pauses; the oldest job ends with each answer."""
        match logged.entry.record:
            case commands.PauseCampaign():
                position = logged.position
                job = Job(
                    id=f"{position}/double", cause=position, kind="compute", name="double", subject="toy",
                    arguments=str(state.heard + 1),
                )  # fmt: skip
                return Counted(heard=state.heard + 1, wanted=(*state.wanted, job))
            case course.CampaignResumed():
                return Counted(heard=state.heard, wanted=state.wanted[1:])
        return state

    def decide(self, before, after, logged):
        """Say the number."""
        if isinstance(logged.entry.record, commands.PauseCampaign):
            return (Draft(body=course.CampaignPaused(reason=f"number {after.heard}"), subject="toy"),)
        return ()

    def conclude(self, job: Job, outcome: JobOutcome):
        """Say the answer."""
        return (Draft(body=course.CampaignResumed(reason=outcome.answer), subject="toy"),)


def double(name, arguments, blobs):
    """The job."""
    return str(2 * int(arguments))


def behaviour_of(name, laboratory):
    """The only rules there are."""
    return Counting()


@pytest.fixture
def book(tmp_path: Path):
    """A log that was just opened, with the agent born."""
    book = LogBook(tmp_path / "state")
    book.add("recorder", life.LabOpened(laboratory=PLANNING, file="0" * 64, version=__version__), campaign=None)
    started = life.AgentStarted(agent="planning", epoch=1, version=__version__)
    book.add("planning", started, entry_id="planning/epoch/1", campaign=None)
    yield book
    book.close()


def pause(book) -> int:
    """A person's pause."""
    return book.add("once-1", commands.PauseCampaign(person="ada"))


def answer(book, cause, number, *, doubled=None):
    """What the agent recorded of a pause: its decision and its job's outcome."""
    paused = course.CampaignPaused(reason=f"number {number}")
    book.add("planning", paused, cause=cause, entry_id=f"planning/{cause}/0", campaign=None)
    resumed = course.CampaignResumed(reason=str(doubled or 2 * number))
    book.add("planning", resumed, cause=cause, entry_id=f"planning/{cause}/double/0", campaign=None)


def test_a_log_that_its_agents_wrote_is_decided_again_the_same(book):
    """Decisions are taken again, computations are computed again; the agent's birth is a sense."""
    for number in (1, 2, 3):
        answer(book, pause(book), number)
    report = replay(book.state, behaviour_of, double)
    assert report.agrees, report.to_text()
    (stretch,) = report.stretches
    assert (stretch.n_decisions, stretch.n_computed, stretch.n_senses) == (3, 3, 1)
    assert not report.in_flight


def test_a_changed_decision_is_named_with_the_field_where_it_parts(book):
    """The difference says what was recorded and what is decided now."""
    answer(book, pause(book), 7)
    report = replay(book.state, behaviour_of, double)
    assert not report.agrees
    assert "record.reason was 'number 7', is 'number 1'" in report.to_text()


def test_a_computation_that_gives_another_answer_is_a_difference(book):
    """One outcome of three is recorded otherwise than computed."""
    answer(book, pause(book), 1, doubled=2)
    answer(book, pause(book), 2, doubled=5)
    report = replay(book.state, behaviour_of, double)
    (difference,) = report.differences
    assert difference.what == "record.reason was '5', is '4'"


def test_a_computation_that_fails_now_is_a_difference(book):
    """A blob that is gone, for instance."""

    def broken(name, arguments, blobs):
        raise ValueError("no such table")

    answer(book, pause(book), 1)
    report = replay(book.state, behaviour_of, broken)
    assert not report.agrees
    assert [difference.position for difference in report.differences] == [5]


def test_without_jobs_only_decisions_are_compared(book):
    """What was not computed is counted, not called equal."""
    answer(book, pause(book), 1)
    report = replay(book.state, behaviour_of)
    assert report.agrees
    assert report.stretches[0].n_not_computed == 1


def test_decisions_behind_the_last_recorded_one_are_in_flight(book):
    """The log was read while the agent was about to submit."""
    answer(book, pause(book), 1)
    last = pause(book)
    report = replay(book.state, behaviour_of, double)
    assert report.agrees
    assert report.in_flight == (f"planning/{last}/0",)


def test_a_decision_that_was_passed_over_is_a_difference(book):
    """An agent submits in order, so a hole before a later decision was never filled."""
    hole = pause(book)
    answer(book, pause(book), 2)
    report = replay(book.state, behaviour_of, double)
    (difference,) = report.differences
    assert (difference.id, difference.position) == (f"planning/{hole}/0", None)


def test_a_recorded_decision_that_nobody_takes_now_is_a_difference(book):
    """A second answer to one pause."""
    cause = pause(book)
    answer(book, cause, 1)
    again = course.CampaignPaused(reason="again")
    book.add("planning", again, cause=cause, entry_id=f"planning/{cause}/1", campaign=None)
    (difference,) = replay(book.state, behaviour_of, double).differences
    assert difference.what == "was recorded, and is not decided again"


def test_differences_of_another_software_version_are_shown_and_do_not_count(book):
    """Newer software may decide the past differently; it is only held to its own stretch."""
    cause = pause(book)
    older = life.AgentStarted(agent="planning", epoch=2, version="0.0.9")
    book.add("planning", older, entry_id="planning/epoch/2", campaign=None)
    answer(book, cause, 9)
    report = replay(book.state, behaviour_of, double)
    assert report.agrees
    assert report.other_versions
    assert [stretch.version for stretch in report.stretches if stretch.differences] == ["0.0.9"]


def test_a_refused_entry_is_settled_and_its_trouble_is_expected(book):
    """The recorder's refusal uses up the decision; the agent reports it."""
    cause = pause(book)
    refusal = life.EntryRefused(
        source="planning", sequence=2, reason="too late", raw="1" * 64, refused_id=f"planning/{cause}/0"
    )
    book.add("recorder", refusal, campaign=None)
    report = replay(book.state, behaviour_of, double)
    assert report.agrees
    assert all(entry_id.startswith("planning/4/") for entry_id in report.in_flight)


def test_a_voided_entry_is_passed_over_by_the_agent_that_stuck_at_it(book):
    """The living agent never applied it."""
    poison = pause(book)
    trouble = life.TroubleMet(trouble=Trouble(what="cannot handle it"), position=poison)
    book.add("planning", trouble, entry_id=f"planning/stuck/{poison}/0", campaign=None)
    book.add("once-1", commands.EntryVoided(position=poison, person="ada", reason="poison"))
    answer(book, pause(book), 1)
    report = replay(book.state, behaviour_of, double)
    assert report.agrees, report.to_text()


def test_rules_that_raise_become_a_difference(book):
    """A replay names the position instead of ending with a trace."""

    class Broken(Counting):
        def decide(self, before, after, logged):
            """Raise where it matters."""
            if isinstance(logged.entry.record, commands.PauseCampaign):
                raise KeyError("work")
            return ()

    cause = pause(book)
    report = replay(book.state, lambda name, laboratory: Broken(), double)
    assert f"cannot handle position {cause}: KeyError" in report.to_text()


def test_a_replay_writes_nothing(book):
    """New blobs stay in memory."""

    def storing(name, arguments, blobs):
        address = blobs.put(b"a new checkpoint")
        assert blobs.get(address) == b"a new checkpoint"
        return str(2 * int(arguments))

    answer(book, pause(book), 1)
    before = sorted(book.state.rglob("*"))
    assert replay(book.state, behaviour_of, storing).agrees
    assert sorted(book.state.rglob("*")) == before
