"""The log and the reports of stops, read from their files."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from lab_agents.messages.course import CampaignFinished, TicketOpened
from lab_agents.messages.frames import InstrumentState, StopRequest
from lab_agents.notify.pending import KEPT
from lab_agents.notify.sources import LogSource, StopSource
from lab_agents.records.ticket import Ticket, Trouble
from lab_agents.state_folder import StateFolder
from lab_agents.stop_report import InstrumentStop, StopReport, keep_report
from tests.logbook import LogBook

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    """A state folder without a store."""
    return StateFolder.create(tmp_path / "state", "lab", b"name: lab\n")


def ticket(number: int) -> TicketOpened:
    """A ticket."""
    trouble = Trouble(what=f"trouble {number}")
    return TicketOpened(ticket=Ticket(id=f"ticket-{number}", subject="s", raised_by="line", trouble=trouble))


def test_a_log_is_told_from_where_it_was_met_and_each_entry_once(folder):
    """What happened before there was a notifier is no news."""
    with closing(LogSource(folder, "lab")) as source:
        assert source.read(None, AT) == ([], None)
        with closing(LogBook(folder.path)) as book:
            book.add("supervision", ticket(1))
            notices, position = source.read(None, AT)
            assert (notices, position) == ([], 1)
            book.add("supervision", ticket(2))
            book.add("supervision", CampaignFinished(reason="r", n_made=1, n_observed=1, n_failed=0))
            notices, position = source.read(position, AT + timedelta(hours=1))
            assert [notice.about for notice in notices] == ["tickets", "campaigns"]
            assert position == 3
            assert source.read(position, AT) == ([], position)


def test_a_log_that_became_shorter_is_told_from_its_end(folder):
    """A restored store: nobody is told for the second time of what is in it."""
    with closing(LogBook(folder.path)) as book, closing(LogSource(folder, "lab")) as source:
        book.add("supervision", ticket(1))
        assert source.read(70, AT + timedelta(hours=1)) == ([], 1)


def test_a_store_that_cannot_be_read_is_tried_again(folder):
    """It may be only just made."""
    folder.store.write_bytes(b"")
    with closing(LogSource(folder, "lab")) as source:
        assert source.read(0, AT) == ([], None)
        folder.store.unlink()
        with closing(LogBook(folder.path)) as book:
            book.add("supervision", ticket(1))
            notices, _ = source.read(0, AT)
    assert [notice.title for notice in notices] == ["trouble 1"]


def report(number: int, state: str) -> StopReport:
    """Of a stop `number` hours after the beginning."""
    at = AT + timedelta(hours=number)
    stop = StopRequest(id=f"stop-{number}", person="ada", reason="smoke", at=at)
    one = InstrumentStop(written_at=at, state=InstrumentState(state=state, at=at))
    return StopReport(stop=stop, machine="main", heard_at=at, latched_at=at, killed_at=at, instruments={"lamp": one})


def test_reports_of_stops_are_told_when_new_and_when_changed(folder):
    """Without log and broker; those from before there was a notifier are no news."""
    source, guard = StopSource(folder, "lab", ("main",)), folder.guard("main")
    guard.mkdir(parents=True, exist_ok=True)
    keep_report(guard, report(-1, "safe at"))
    keep_report(guard, report(1, "unreachable"))
    assert [notice.id for notice in source.read(AT, AT)] == ["stop-1/main/unsafe"]
    assert source.read(AT, AT) == []
    keep_report(guard, report(1, "safe at"))
    assert [notice.id for notice in source.read(AT, AT)] == ["stop-1/main/safe"]
    assert StopSource(folder, "lab", ("main",)).read(AT, AT + 2 * KEPT) == [], "nobody knows whether they were told"
    (guard / "stops" / "broken.json").write_text("{")
    keep_report(guard, report(2, "unreachable"))
    assert [notice.id for notice in source.read(AT, AT)] == ["stop-2/main/unsafe"], "whatever lies beside it"
