"""Reports of stops and drills."""

from datetime import UTC, datetime, timedelta

from lab_agents.messages.frames import InstrumentState
from lab_agents.stop_report import N_KEPT, InstrumentStop, StopReport, find_drilled, keep_report, read_reports
from tests.toy_machine import toy_folder
from tests.unattended import stop_request


def report(number=1, id_="stop-1"):
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
    stop = stop_request().model_copy(update={"id": id_, "at": at})
    return StopReport(
        stop=stop,
        machine="main",
        heard_at=at,
        latched_at=at + timedelta(seconds=0.01),
        killed_at=at + timedelta(seconds=0.02),
        instruments={
            "coater": InstrumentStop(
                written_at=at + timedelta(seconds=0.05),
                state=InstrumentState(state="safe at", at=at + timedelta(seconds=5.1)),
            ),
            "oven": InstrumentStop(written_at=None, state=InstrumentState(state="unreachable", detail="no answer")),
        },
    )


def test_a_report_says_of_each_instrument_when_it_was_safe_or_that_it_was_not_reached():
    text = report(id_="drill-7").to_text()
    assert "drill drill-7 on main" in text
    assert "coater: safe state written after 0.050 s; confirmed safe after 5.1 s" in text
    assert "oven: no write acknowledged; unreachable no answer" in text


def test_a_later_report_of_the_same_stop_replaces_the_earlier_one(tmp_path):
    folder = toy_folder(tmp_path)
    folder.guard("main").mkdir(parents=True, exist_ok=True)
    keep_report(folder.guard("main"), report())
    keep_report(folder.guard("main"), report())
    assert read_reports(folder, ("main",)).reports == (report(),)


def test_what_was_so_first_stays_when_a_stop_is_done_again(tmp_path):
    later = timedelta(hours=8)
    reachable = InstrumentStop(written_at=report().stop.at + later, state=InstrumentState(state="not confirmed"))
    again = report().model_copy(
        update={
            "heard_at": report().heard_at + later,
            "latched_at": report().latched_at + later,
            "killed_at": report().killed_at + later,
            "instruments": dict.fromkeys(("coater", "oven"), reachable),
        }
    )
    keep_report(tmp_path, report())
    keep_report(tmp_path, again)
    (path,) = (tmp_path / "stops").glob("*.json")
    kept = StopReport.model_validate_json(path.read_bytes())
    first = report()
    assert (kept.heard_at, kept.latched_at, kept.killed_at) == (first.heard_at, first.latched_at, first.killed_at)
    assert kept.instruments["coater"].written_at == first.instruments["coater"].written_at
    assert kept.instruments["oven"] == reachable


def test_a_report_of_instruments_that_were_all_safe_stays_as_it_is(tmp_path):
    keep_report(tmp_path, safe(report(1, "drill-1")))
    keep_report(tmp_path, report(1, "drill-1"))
    assert find_drilled(tmp_path).id == "drill-1"


def test_only_the_newest_reports_are_kept(tmp_path):
    folder = toy_folder(tmp_path)
    place = folder.guard("main") / "stops"
    place.mkdir(parents=True, exist_ok=True)
    for number in range(N_KEPT):
        (place / f"2000{number:04d}.json").write_text(report(number).model_dump_json())
    keep_report(folder.guard("main"), report(N_KEPT))
    found = read_reports(folder, ("main",)).reports
    assert (len(found), found[0], found[-1]) == (N_KEPT, report(1), report(N_KEPT))


def test_a_file_that_is_no_report_is_named_and_hides_no_other(tmp_path):
    folder = toy_folder(tmp_path)
    folder.guard("main").mkdir(parents=True, exist_ok=True)
    keep_report(folder.guard("main"), report())
    place = folder.guard("main") / "stops"
    (place / "1.json").write_text("{}")
    (place / "2.json").mkdir()
    kept = read_reports(folder, ("main",))
    assert kept.reports == (report(),)
    assert [f"{number}.json is no report" in kept.unreadable[number - 1] for number in (1, 2)] == [True, True]


def safe(one):
    return one.model_copy(
        update={"instruments": {n: i for n, i in one.instruments.items() if i.state.state == "safe at"}}
    )


def test_only_a_drill_that_confirmed_every_instrument_has_passed(tmp_path):
    keep_report(tmp_path, safe(report(1, "drill-1")))
    keep_report(tmp_path, report(2, "drill-2"))
    keep_report(tmp_path, safe(report(3, "stop-3")))
    (tmp_path / "stops" / "9.json").write_text("{}")
    assert find_drilled(tmp_path).id == "drill-1"


def test_where_nothing_was_drilled_there_is_no_drill(tmp_path):
    assert find_drilled(tmp_path) is None
