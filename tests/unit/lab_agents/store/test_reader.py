import sqlite3
import threading
from contextlib import closing

import pytest

from lab_agents.errors import StoreError
from lab_agents.messages import course, work
from lab_agents.store.reader import StoreReader, open_store
from tests.small_campaign import MAKING, PLAN


@pytest.fixture
def reader(book):
    """Its store, read while the writer still holds it."""
    with StoreReader(book.path) as reader:
        yield reader


def test_the_head_is_the_newest_entry(book, reader):
    """Position and chain as the writer knows them."""
    assert reader.head() == (book.writer.position, book.writer.chain)


def test_a_campaign_is_summed_up_from_its_samples(reader):
    """State, budget and counts."""
    (campaign,) = reader.campaigns()
    assert campaign.plan == PLAN
    assert (campaign.state, campaign.granted) == ("finished", 2)
    assert (campaign.n_proposed, campaign.n_made, campaign.n_observed, campaign.n_quarantined) == (2, 2, 2, 0)
    assert campaign.ended_at > campaign.started_at


def test_a_sample_is_shown_from_proposal_to_observation(reader):
    """Asked, made and observed stand side by side."""
    first, second = reader.samples("first")
    assert first.proposed.candidate.values["x"] == 0.2
    assert first.made.made.values["x"] == pytest.approx(0.21)
    assert first.observation.value == pytest.approx(0.21**2)
    assert first.place == "rack_1"
    assert second.sample == "first-0002"


def test_a_retracted_observation_does_not_count(book, reader):
    """The sample stays, without a value."""
    gone = course.ObservationRetracted(sample="first-0001", measurement="measure-first-0001-1/m", reason="bad lamp")
    book.add("supervision", gone)
    assert reader.samples("first")[0].observation is None
    assert reader.campaigns()[0].n_observed == 1


def test_a_sample_that_nobody_proposed_comes_last(book, reader):
    """A control, or one that failed before it had a record."""
    book.add("line", work.SampleQuarantined(sample="control-1", work="make-control-1", reason="spilled"))
    last = reader.samples("first")[-1]
    assert (last.sample, last.proposed, last.made, last.quarantined) == ("control-1", None, None, "spilled")


def test_work_has_its_bids_refusals_and_award(reader):
    """In the order in which it was first answered."""
    pieces = reader.work("first")
    assert [one.work for one in pieces] == [
        "make-first-0001",
        "measure-first-0001-1",
        "make-first-0002",
        "measure-first-0002-1",
    ]
    making = pieces[0]
    assert (making.state, making.bidder, making.sample) == ("done", "line", "first-0001")
    assert making.bids[0].recipe == MAKING
    assert making.refusals[0].bidder == "robot"
    assert making.award.bidder == "line"


def test_tasks_and_acts_stand_on_the_time_line_by_instrument(reader):
    """Acts of one instrument in order, with laboratory times."""
    acts = reader.timeline("first")
    assert [one.instrument for one in acts] == sorted(one.instrument for one in acts)
    assert all(one.state == "done" and one.ended_at > one.started_at for one in acts)
    assert [task.instruments for task in reader.tasks()][:3] == [("dispenser",), ("arm",), ("lamp",)]


def test_models_measurements_and_tickets_are_read_in_order(reader):
    """As they were logged."""
    assert [one.model.n_observations for one in reader.models("first")] == [1, 2]
    assert [one.sample for one in reader.measurements()] == ["first-0001", "first-0002"]
    (ticket,) = reader.tickets()
    assert (ticket.answer, ticket.person) == ("go on", "ada")
    assert reader.tickets(open_only=True) == ()


def test_entries_are_filtered_by_kind_source_campaign_and_position(reader):
    """Each filter alone and together."""
    whole = list(reader.entries())
    assert [one.position for one in whole] == list(range(1, reader.head()[0] + 1))
    made = list(reader.entries(("SampleMade",)))
    assert {one.entry.kind for one in made} == {"SampleMade"}
    later = list(reader.entries(("SampleMade",), after=made[0].position, source="line", campaign="first"))
    assert [one.position for one in later] == [made[1].position]
    assert reader.entry_at(made[0].position) == made[0]
    assert reader.entry_at(10_000) is None


def test_a_long_log_is_read_in_pages_without_a_gap(book, reader):
    """More entries than one page holds."""
    for number in range(600):
        book.add("supervision", course.CampaignPaused(reason=str(number)), cause=number + 1000)
    assert [one.position for one in reader.entries()] == list(range(1, book.writer.position + 1))


def test_an_unbroken_chain_has_no_faults(reader):
    """Computed again over every byte."""
    report = reader.verify_chain()
    assert report.faults == ()
    assert report.lab == "toy"


def tamper(book, statement, *values):
    """Change the file behind the writer's back."""
    with closing(sqlite3.connect(book.path)) as database, database:
        database.execute(statement, values)
    database.close()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE log SET entry = CAST(replace(entry, 'o', '0') AS BLOB) WHERE position = 7", "position 7: the chain"),
        ("UPDATE log SET entry = replace(entry, 'o', '0') WHERE position = 7", "position 7: the chain"),
        ("DELETE FROM log WHERE position = 9", "position 10 follows 8"),
        ("UPDATE log SET kind = 'SampleMade' WHERE position = 4", "position 4: column kind"),
        ("UPDATE log SET sequence = 90 WHERE source = 'robot' AND sequence = 1", "sequence 2 of robot follows 90"),
    ],
)
def test_a_changed_log_is_found(book, reader, statement, fault):
    """A byte, a row, a column, a sequence."""
    tamper(book, statement)
    assert any(fault in found for found in reader.verify_chain().faults)


def test_a_reader_cannot_write(reader):
    """The file is opened read-only, whatever the code asks for."""
    with reader._view() as connection, pytest.raises(Exception, match="readonly"):  # noqa: SLF001
        connection.exec_driver_sql("DELETE FROM log")


def test_reading_goes_on_while_the_recorder_writes(book):
    """Neither waits for the other, and no reader sees half a commit."""
    faults: list[str] = []

    def read() -> None:
        with StoreReader(book.path) as reader:
            for _ in range(20):
                faults.extend(reader.verify_chain().faults)

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(100):
        book.add("supervision", course.CampaignPaused(reason=str(number)), cause=number + 1000)
    thread.join()
    assert faults == []


def test_a_closed_store_is_read_too(book):
    """After the laboratory ended, without its write-ahead log."""
    book.close()
    with StoreReader(book.path) as reader:
        assert reader.head()[0] == book.writer.position


def test_a_folder_without_a_store_is_refused(tmp_path):
    """With what to do next."""
    with pytest.raises(StoreError, match="--state"):
        StoreReader(tmp_path / "store.sqlite")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    """Naming the file."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"this is a text, not a database" * 100)
    with pytest.raises(StoreError, match="cannot be read"):
        StoreReader(path)


def test_a_store_without_tables_holds_nothing_yet(tmp_path):
    """No file, or one that a recorder was ended over before its first commit."""
    assert open_store(tmp_path / "store.sqlite") is None
    (tmp_path / "store.sqlite").touch()
    assert open_store(tmp_path / "store.sqlite") is None


def test_a_store_with_tables_is_opened(book):
    with open_store(book.path) as reader:
        assert reader.head()[0] == book.writer.position
