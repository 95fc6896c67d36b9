"""The log's only writer: chained, under a lease, and all or nothing whatever the disk does."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from lab_agents.errors import LostLeaseError, StoreError
from lab_agents.messages.frames import GENESIS, Header, chain_after, unpack_logged, unpack_sealed
from lab_agents.store.writer import LogWriter, Offered, SourceState
from tests.full_disk import Disk, watched_disk
from tests.small_log import AT, started

LARGE = "v" * 60_000


def offer(number: int, source: str = "line", version: str = "1") -> Offered:
    """The entry that a source submits under this sequence."""
    entry = started(number, source)
    entry = entry.model_copy(update={"record": entry.record.model_copy(update={"version": version})})
    return Offered(Header(source=source, epoch=1, sequence=number), entry, entry.to_bytes())


def append(writer: LogWriter, *offers: Offered) -> list[bytes]:
    """Append under the states that the offers leave behind."""
    used = {one.header.source: SourceState(1, 0, one.header.sequence) for one in offers}
    return writer.append(offers, used, AT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store stands."""
    return tmp_path / "store.sqlite"


@pytest.fixture
def disk():
    """What the store stands on."""
    with watched_disk() as disk:
        yield disk


@pytest.fixture
def writer(disk: Disk, path: Path):
    """A writer on an empty store."""
    writer = LogWriter(path, "small", lambda _connection, _logged: None)
    yield writer
    writer.close()


def test_each_entry_continues_the_chain_of_the_one_before(writer: LogWriter) -> None:
    """The chain covers the bytes as received, from 64 zeros on."""
    chain = GENESIS
    for sealed in append(writer, offer(1), offer(2)) + append(writer, offer(3)):
        seal, data = unpack_sealed(sealed)
        chain = chain_after(chain, data)
        assert seal.chain == chain
    assert (writer.position, writer.chain) == (3, chain)


def test_a_page_gives_back_the_bytes_that_were_published(writer: LogWriter) -> None:
    """A follower cannot tell a page from the live log."""
    published = append(writer, offer(1), offer(2), offer(3))
    assert writer.page(0, 1_000_000) == published
    assert writer.page(1, 1_000_000) == published[1:]
    assert writer.page(3, 1_000_000) == []


def test_a_page_stops_at_its_limit_but_is_never_empty(writer: LogWriter) -> None:
    """The largest entry gets through however small the page."""
    published = append(writer, *(offer(n, version=LARGE) for n in range(1, 6)))
    assert len(writer.page(0, 200_000)) == 3
    assert writer.page(0, 10) == published[:1]


def test_a_reopened_log_goes_on_where_it_ended(writer: LogWriter, path: Path) -> None:
    """Same log, same chain, a new recorder, and every source where it was."""
    append(writer, offer(1), offer(2))
    again = LogWriter(path, "small", lambda _connection, _logged: None)
    assert (again.log, again.position, again.chain) == (writer.log, 2, writer.chain)
    assert again.recorder == writer.recorder + 1
    assert again.sources() == {"line": SourceState(1, 0, 2)}
    again.close()


def test_the_former_recorder_appends_nothing_once_a_new_one_holds_the_lease(writer: LogWriter, path: Path) -> None:
    """A recorder that woke up must exit instead of forking the log."""
    again = LogWriter(path, "small", lambda _connection, _logged: None)
    for attempt in (lambda: append(writer, offer(1)), writer.probe):
        with pytest.raises(LostLeaseError, match="recorder 2 holds the log; this is recorder 1"):
            attempt()
    assert again.page(0, 1_000) == []
    append(again, offer(1))
    assert again.position == 1
    again.close()


@pytest.mark.parametrize(
    "second",
    [
        Offered(Header(source="line", epoch=1, sequence=2), offer(1).entry, offer(1).data),
        Offered(Header(source="line", epoch=1, sequence=1), offer(2).entry, offer(2).data),
    ],
    ids=["id", "sequence"],
)
def test_neither_an_id_nor_a_sequence_stands_twice(writer: LogWriter, second: Offered) -> None:
    """The store itself refuses, whatever the recorder believed; what came with it is not appended either."""
    append(writer, offer(1))
    with pytest.raises(IntegrityError):
        append(writer, offer(3), second)
    assert (writer.position, len(writer.page(0, 1_000_000))) == (1, 1)
    assert writer.sources() == {"line": SourceState(1, 0, 1)}


def test_a_full_disk_appends_nothing_and_the_log_goes_on_when_there_is_room(writer: LogWriter, disk: Disk) -> None:
    """Neither entry nor source state; the next append continues the chain."""
    append(writer, offer(1))
    before = (writer.position, writer.chain)
    disk.fill()
    with pytest.raises(StoreError, match=r"nothing can be appended: .* full"):
        append(writer, offer(2), offer(3, version=LARGE))
    assert (writer.position, writer.chain) == before
    disk.free()
    assert len(writer.page(0, 1_000_000)) == 1
    assert writer.sources() == {"line": SourceState(1, 0, 1)}
    append(writer, offer(2))
    assert [unpack_logged(one).position for one in writer.page(0, 1_000_000)] == [1, 2]


def test_a_read_only_disk_gives_no_epoch_and_takes_no_entry(writer: LogWriter, disk: Disk) -> None:
    """What is there can still be read."""
    append(writer, offer(1))
    disk.protect()
    for attempt in (
        lambda: append(writer, offer(2)),
        lambda: writer.give_epoch("line", SourceState(2, 1, 1)),
        writer.probe,
    ):
        with pytest.raises(StoreError, match=r"nothing can be appended: .*readonly"):
            attempt()
    assert len(writer.page(0, 1_000_000)) == 1


def test_a_store_that_is_no_database_is_refused(path: Path) -> None:
    """It says which file, and what to do."""
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"store.sqlite is no database .* Restore it from a backup"):
        LogWriter(path, "small", lambda _connection, _logged: None)


def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    """A folder that is not there, or not ours."""
    with pytest.raises(StoreError, match=r"nowhere/store.sqlite cannot be written: unable to open"):
        LogWriter(tmp_path / "nowhere" / "store.sqlite", "small", lambda _connection, _logged: None)


def test_a_projection_that_fails_takes_its_entry_back(disk: Disk, path: Path) -> None:
    """Log and tables never disagree."""

    def fail(_connection: object, logged: object) -> None:
        raise ZeroDivisionError

    writer = LogWriter(path, "small", fail)
    with pytest.raises(ZeroDivisionError):
        append(writer, offer(1))
    assert (writer.position, writer.page(0, 1_000)) == (0, [])
    writer.close()


def test_entries_are_found_by_id_counted_and_the_newest_told(writer: LogWriter) -> None:
    """What the recorder asks before it appends."""
    append(writer, offer(1), offer(2))
    found = writer.find("line/epoch/2")
    assert found is not None
    assert (found[0], found[1].id) == (2, "line/epoch/2")
    assert writer.find("line/epoch/3") is None
    assert (writer.count("AgentStarted"), writer.count("LabOpened")) == (2, 0)
    assert writer.last(("AgentStarted", "LabOpened")).id == "line/epoch/2"
    with pytest.raises(StoreError, match="the log holds no LabOpened or LabChanged"):
        writer.last(("LabOpened", "LabChanged"))


def test_recorded_times_are_kept_to_the_microsecond(writer: LogWriter) -> None:
    """Wall time of the commit, in UTC."""
    at = datetime(2026, 5, 4, 3, 2, 1, 7, tzinfo=UTC)
    writer.append([offer(1)], {"line": SourceState(1, 0, 1)}, at)
    assert unpack_sealed(writer.page(0, 1)[0])[0].recorded_at == at
