"""Emergency stops and drills in a campaign's time: what the guards' reports say of each instrument."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lab_agents.messages.course import StopRecorded
from lab_agents.report.account import Account
from lab_agents.state_folder import StateFolder
from lab_agents.stop_report import InstrumentStop, StopReport, is_drill, read_reports


@dataclass(frozen=True)
class StopsTold:
    """The stops of a campaign.

    `reports` are the guards' own, the oldest first. `unreported` stand in the log only: their machine keeps its reports
    elsewhere, or no longer. `trouble` says which files could not be read.
    """

    reports: tuple[StopReport, ...] = ()
    unreported: tuple[StopRecorded, ...] = ()
    trouble: str = ""


NO_STOPS = StopsTold()


@dataclass(frozen=True)
class InstrumentRow:
    """What became of one instrument; `written` and `confirmed` are seconds after the request, empty for never."""

    name: str
    written: str
    known: str
    confirmed: str
    detail: str
    is_safe: bool


@dataclass(frozen=True)
class StopRow:
    """One stop or drill on one machine.

    `latched`, `killed` and `slowest` (the last safe write) are seconds after the request; empty where nobody knows.
    """

    id: str
    what: str
    asked: str
    person: str
    reason: str
    machine: str
    latched: str = ""
    killed: str = ""
    slowest: str = ""
    unsafe: tuple[str, ...] = ()
    instruments: tuple[InstrumentRow, ...] = ()


def find_stops(folder: StateFolder, account: Account) -> StopsTold:
    """The stops between a campaign's start and its end, and those that the log says were in it."""
    machines = account.laboratory.machines if account.laboratory is not None else ()
    kept = read_reports(folder, machines)
    logged = {(body.stop, body.machine) for body in account.stops}
    reports = tuple(r for r in kept.reports if (r.stop.id, r.machine) in logged or _is_within(account, r.stop.at))
    known = {(report.stop.id, report.machine) for report in reports}
    unreported = tuple(body for body in account.stops if (body.stop, body.machine) not in known)
    return StopsTold(reports, unreported, " ".join(kept.unreadable))


def _is_within(account: Account, at: datetime) -> bool:
    """Whether it was in the campaign's time, on the clock; a campaign that is open has no end yet."""
    start, end = account.wall_started_at, account.wall_last_at
    return start is not None and start <= at and (not account.is_complete or end is None or at <= end)


def stop_rows(told: StopsTold) -> list[StopRow]:
    """What the page shows, those without a report last."""
    return [*map(_row, told.reports), *map(_unreported, told.unreported)]


def _row(report: StopReport) -> StopRow:
    stop = report.stop
    instruments = tuple(_instrument(name, one, stop.at) for name, one in sorted(report.instruments.items()))
    written = [one.written_at for one in report.instruments.values()]
    known = [at for at in written if at is not None]
    return StopRow(
        id=stop.id,
        what=_what(stop.id),
        asked=f"{stop.at:%Y-%m-%d %H:%M:%S} UTC",
        person=stop.person,
        reason=stop.reason,
        machine=report.machine,
        latched=_seconds(report.latched_at, stop.at),
        killed=_seconds(report.killed_at, stop.at),
        slowest=_seconds(max(known), stop.at) if known else "",
        unsafe=tuple(one.name for one in instruments if not one.is_safe),
        instruments=instruments,
    )


def _unreported(body: StopRecorded) -> StopRow:
    return StopRow(body.stop, _what(body.stop), "", body.person, body.reason, body.machine)


def _instrument(name: str, one: InstrumentStop, asked: datetime) -> InstrumentRow:
    is_safe, at = one.state.state == "safe at", one.state.at
    return InstrumentRow(
        name=name,
        written=_seconds(one.written_at, asked),
        known="confirmed safe" if is_safe else one.state.state,
        confirmed=_seconds(at if is_safe else None, asked),
        detail=one.state.detail,
        is_safe=is_safe,
    )


def _what(stop: str) -> str:
    return "drill" if is_drill(stop) else "emergency stop"


def _seconds(at: datetime | None, asked: datetime) -> str:
    return "" if at is None else f"{(at - asked).total_seconds():.3f} s"


def alarms(stops: Sequence[StopRecorded]) -> list[StopRecorded]:
    """Of the stops in the log those that were no exercise."""
    return [body for body in stops if not is_drill(body.stop)]
