"""A journal remembers exactly what was committed, and belongs to one process."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab_agents.errors import FullJournalError, JournalError
from lab_agents.journal import Journal, JournalIntents, PatientWorker
from lab_agents.messages.entry import Entry
from lab_agents.messages.life import AgentStarted
from lab_agents.threads import OwnThread
from tests.full_disk import connection_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal stands."""
    return tmp_path / "journals" / "line.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """An empty one."""
    with closing(Journal(path, "line")) as opened:
        yield opened


def entry(number: int) -> Entry:
    """Some entry of the agent."""
    return Entry(
        id=f"line/epoch/{number}",
        kind="AgentStarted",
        schema_version=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        subject="line",
        record=AgentStarted(agent="line", epoch=number, version="1"),
    )


def test_what_was_committed_is_there_after_reopening(path: Path) -> None:
    """Position, state, outbox and sequence."""
    journal = Journal(path, "line")
    with journal.transaction():
        journal.write_position("log", 7, "c" * 64)
        journal.write_state("{}", "0.1")
        journal.add_outbox(entry(1))
        journal.write_epochs((3, 4))
    journal.close()
    with closing(Journal(path, "line")) as again:
        saved = again.load()
    assert (saved.log, saved.position, saved.sequence, saved.epochs, saved.state) == ("log", 7, 1, (3, 4), "{}")


def test_a_transaction_that_fails_leaves_nothing(journal: Journal) -> None:
    """Neither the position nor the outbox row."""

    def write_and_fail() -> None:
        with journal.transaction():
            journal.write_position("log", 7, "c" * 64)
            journal.add_outbox(entry(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert journal.load().position == 0
    assert journal.outbox() == []


def test_the_same_entry_twice_takes_one_sequence(journal: Journal) -> None:
    """A decision taken again is the same entry."""
    with journal.transaction():
        assert [journal.add_outbox(entry(n)) for n in (1, 2, 1)] == [1, 2, 1]
    assert [row.sequence for row in journal.outbox()] == [1, 2]


def test_sequences_are_dense_after_answers(journal: Journal) -> None:
    """An answered row goes, its number is not given again."""
    with journal.transaction():
        journal.add_outbox(entry(1))
        journal.drop_outbox(1)
        assert journal.add_outbox(entry(2)) == 2


def test_a_second_process_is_refused(path: Path) -> None:
    """Two owners of one instrument are the worst that can happen."""
    held = Journal(path, "line")
    with pytest.raises(JournalError, match="Another process of line holds"):
        Journal(path, "line")
    held.close()
    Journal(path, "line").close()


def test_a_journal_of_another_agent_is_refused(path: Path) -> None:
    """It would start with a foreign state."""
    Journal(path, "line").close()
    with pytest.raises(JournalError, match="has agent line, not robot"):
        Journal(path, "robot")


def test_a_lost_journal_is_put_aside_and_not_deleted(journal: Journal) -> None:
    """It may be what tells a person what happened."""
    with journal.transaction():
        journal.write_position("log", 7, "c" * 64)
    journal.start_over()
    assert journal.load().position == 0
    assert len(list(journal.path.parent.glob("line.lost-*"))) == 1


async def test_intents_are_on_disk_when_the_engine_goes_on(path: Path) -> None:
    """Intent first, outcome after; both are found by token, and forgotten with their task."""
    worker = OwnThread("journal")
    journal = await worker.run(Journal, path, "line")
    intents = JournalIntents(journal, worker)
    await intents.intend("a" * 16, "dose")
    found = await worker.run(journal.intents, ["a" * 16, "b" * 16])
    assert (found["a" * 16].what, found["a" * 16].outcome) == ("dose", None)
    assert "b" * 16 not in found
    await intents.outcome("a" * 16, "done")
    found = await worker.run(journal.intents, ["a" * 16])
    assert found["a" * 16].outcome == "done"
    await worker.run(journal.close)
    await asyncio.to_thread(worker.close)


def test_a_concluded_job_stays_so_until_it_is_forgotten(journal: Journal) -> None:
    """It must not start again while its outcome is on its way."""
    with journal.transaction():
        journal.conclude("7/ask")
    assert journal.concluded() == {"7/ask"}
    with journal.transaction():
        journal.forget(["7/ask"], [])
    assert journal.concluded() == frozenset()


def test_a_full_disk_is_said_and_leaves_the_journal_as_it_was(journal: Journal) -> None:
    """Position and outbox stay together; the same write succeeds when there is room."""
    connection = connection_of(journal)
    connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(FullJournalError, match=r"line\.sqlite cannot be written: .* full\. Free the disk"):
        write_much(journal)
    assert (journal.load().position, journal.outbox()) == (0, [])
    connection.execute("PRAGMA max_page_count = 1073741823")
    write_much(journal)
    assert journal.load().position == 7


async def test_a_patient_worker_goes_on_when_the_disk_takes_it(path: Path) -> None:
    """Meanwhile it says why it waits; nobody is told of a failure."""
    worker = OwnThread("journal")
    journal = await worker.run(Journal, path, "line")
    patient = PatientWorker(worker, 0.01)
    connection = connection_of(journal)
    await worker.run(connection.execute, "PRAGMA query_only = ON")
    writing = asyncio.create_task(patient.run(write_much, journal))
    async with asyncio.timeout(60):
        while patient.trouble is None:
            await asyncio.sleep(0.005)
    assert "readonly" in patient.trouble
    assert not writing.done()
    await worker.run(connection.execute, "PRAGMA query_only = OFF")
    await writing
    assert patient.trouble is None
    assert (await patient.run(journal.load)).position == 7
    await worker.run(journal.close)
    await asyncio.to_thread(patient.close)


def write_much(journal: Journal) -> None:
    """A position and what a full disk has no room for."""
    with journal.transaction():
        journal.write_position("log", 7, "c" * 64)
        journal.write_state("x" * 100_000, "0")
