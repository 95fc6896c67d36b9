import sqlite3
from contextlib import closing

import pytest

from lab_agents.auditing.evidence import gather
from lab_agents.messages import work
from lab_agents.records.recipe import ActResult, Task
from lab_agents.store.reader import StoreReader
from tests.small_campaign import MAKING, START


def evidence_of(book):
    """What the book's log says."""
    with StoreReader(book.path) as reader:
        return gather(reader.sealed())


def task() -> Task:
    """Two acts."""
    return Task(id="t/0", work="t", sample="s", step=0, name="dispense", owner="line", acts=MAKING.steps[0].acts)


def test_everything_of_a_campaign_is_gathered(book):
    """Counts of each thing, and no campaign open."""
    evidence = evidence_of(book)
    assert len(evidence.ordered) == len(evidence.results) == len(evidence.runs) == 8
    assert set(evidence.samples) == {"first-0001", "first-0002"}
    assert len(evidence.observations) == len(evidence.models) == 2
    assert evidence.versions == {"0.1.0"}
    assert evidence.open_campaigns == set()


@pytest.mark.parametrize(
    ("results", "unknown", "fates"),
    [((), (), ["failed", "failed"]), ((0,), (1,), ["done", "unknown"]), ((0, 1), (), ["done", "done"])],
)
def test_the_fate_of_each_act_is_what_the_end_of_its_task_says(book, results, unknown, fates):
    """Results are done, tokens in doubt unknown, the rest failed."""
    one = task()
    cause = book.add("line", work.TaskStarted(task=one), cause=1)
    assert {evidence_of(book).ordered[one.token(n)].fate for n in (0, 1)} == {"in flight"}
    ended = tuple(ActResult(act=n, token=one.token(n), run=str(n), started_at=START, ended_at=START) for n in results)
    failure = work.TaskFailed(
        task=one.id,
        work="t",
        sample="s",
        step=0,
        owner="line",
        cause="x",
        results=ended,
        unknown=tuple(one.token(n) for n in unknown),
    )
    book.add("line", failure, cause=cause)
    assert [evidence_of(book).ordered[one.token(n)].fate for n in (0, 1)] == fates


def test_a_task_that_is_started_again_after_a_failure_owes_its_acts_anew(book):
    """But an act that was done stays done."""
    one = task()
    failure = work.TaskFailed(
        task=one.id,
        work="t",
        sample="s",
        step=0,
        owner="line",
        cause="x",
        results=(ActResult(act=0, token=one.token(0), run="r", started_at=START, ended_at=START),),
    )
    for body in (work.TaskStarted(task=one), failure, work.TaskStarted(task=one)):
        book.add("line", body, cause=book.writer.position)
    assert [evidence_of(book).ordered[one.token(n)].fate for n in (0, 1)] == ["done", "in flight"]


def test_an_entry_that_cannot_be_read_is_left_out(book):
    """The check of the log names it; the others are still compared."""
    with closing(sqlite3.connect(book.path)) as database, database:
        database.execute("UPDATE log SET entry = CAST('{}' AS BLOB) WHERE kind = 'SampleMade'")
    database.close()
    evidence = evidence_of(book)
    assert evidence.samples == {}
    assert len(evidence.ordered) == 8
