"""Emergency stops and drills in a campaign's time."""

from datetime import timedelta

import pytest

from lab_agents.messages.course import StopRecorded
from lab_agents.report.page import render_page
from lab_agents.report.stops import StopsTold, alarms, find_stops, stop_rows
from lab_agents.report.telling import tell
from lab_agents.stop_report import keep_report
from tests.told_campaign import tell_campaign, write_state
from tests.unit.lab_agents.test_stop_report import report

STOP = StopRecorded(stop="stop-9", person="grace", reason="smoke", machine="oven")
DRILL = StopRecorded(stop="drill-8", person="timer", reason="a drill", machine="main")


@pytest.fixture(scope="module")
def log():
    return tell_campaign(8, failing=None)


@pytest.fixture
def folder(log, tmp_path):
    return write_state(tmp_path / "state", log)


def at(account, **after):
    """A guard's report of a stop so long after the campaign's start."""
    told, moved = report(), account.wall_started_at + timedelta(**after)
    shift = moved - told.stop.at
    return told.model_copy(
        update={
            "stop": told.stop.model_copy(update={"id": f"stop-{after}".replace(" ", ""), "at": moved}),
            "latched_at": told.latched_at + shift,
            "killed_at": told.killed_at + shift,
            "instruments": {
                name: one.model_copy(
                    update={
                        "written_at": one.written_at and one.written_at + shift,
                        "state": one.state.model_copy(update={"at": one.state.at and one.state.at + shift}),
                    }
                )
                for name, one in told.instruments.items()
            },
        }
    )


def kept(folder, *reports):
    place = folder.guard("main")
    place.mkdir(parents=True, exist_ok=True)
    for one in reports:
        keep_report(place, one)


def test_a_report_in_the_campaigns_time_belongs_to_it_and_others_do_not(folder, log):
    account = tell(log)
    account.wall_last_at = account.wall_started_at + timedelta(hours=1)
    before, within, after = (at(account, minutes=minutes) for minutes in (-1, 30, 61))
    kept(folder, before, within, after)
    assert find_stops(folder, account).reports == (within,)
    account.finished = None
    assert find_stops(folder, account).reports == (within, after), "an open campaign has no end yet"


def test_a_stop_that_only_the_log_knows_is_told_without_a_report(folder, log):
    account = tell(log)
    account.stops.append(STOP)
    told = find_stops(folder, account)
    assert told.unreported == (STOP,)
    (row,) = stop_rows(told)
    assert (row.what, row.person, row.latched, row.instruments) == ("emergency stop", "grace", "", ())


def test_each_instrument_is_told_with_the_time_of_its_safe_write_or_that_it_was_not_reached(log):
    (row,) = stop_rows(StopsTold(reports=(report(),)))
    assert (row.latched, row.killed, row.slowest, row.unsafe) == ("0.010 s", "0.020 s", "0.050 s", ("oven",))
    coater, oven = row.instruments
    assert (coater.written, coater.known, coater.confirmed) == ("0.050 s", "confirmed safe", "5.100 s")
    assert (oven.written, oven.known, oven.confirmed, oven.detail) == ("", "unreachable", "", "no answer")


def test_the_page_has_a_section_of_stops_where_there_were_any(log):
    account = tell(log)
    assert "Emergency stops and drills" not in render_page(account, None, "now")
    page = render_page(account, None, "now", None, StopsTold(reports=(report(id_="drill-7"),)))
    assert "Emergency stops and drills" in page
    assert "drill-7" in page
    assert '<b class="off">unreachable</b>' in page


def test_a_report_that_cannot_be_read_is_named_on_the_page(folder, log):
    account = tell(log)
    kept(folder, at(account, minutes=0))
    (folder.guard("main") / "stops" / "1.json").write_text("{}")
    told = find_stops(folder, account)
    assert len(told.reports) == 1
    assert "1.json is no report of a stop" in render_page(account, None, "now", None, told)


def test_a_drill_is_no_alarm():
    assert alarms([STOP, DRILL]) == [STOP]
