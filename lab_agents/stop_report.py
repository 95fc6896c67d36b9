"""What an emergency stop or a drill did on one machine, kept in a file of its own for whoever asks afterwards."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import AwareDatetime, Field, ValidationError

from lab_agents.messages.frames import InstrumentState, StopRequest
from lab_agents.records.base import FrozenMap, Record
from lab_agents.state_folder import StateFolder, write_atomically

DRILL = "drill-"
"""How the id of a drill begins; that of a stop begins otherwise."""
N_KEPT = 200
"""Reports that a machine keeps: four years of weekly drills."""


def is_drill(stop: str) -> bool:
    """Whether the stop with this id was asked for as an exercise."""
    return stop.startswith(DRILL)


class InstrumentStop(Record):
    """What became of one instrument.

    Attributes:
        written_at: When every write of its safe state had been acknowledged for the first time; None if never.
        state: What the guard knew last: `safe at` is read back and asserted again until it has stayed.
    """

    written_at: AwareDatetime | None
    state: InstrumentState


class StopReport(Record):
    """One stop on one machine.

    `heard_at` is when the guard heard of it, `latched_at` when the latch stood on disk (or that was given up),
    `killed_at` when no process drove an instrument any more.
    """

    stop: StopRequest
    machine: str
    heard_at: AwareDatetime
    latched_at: AwareDatetime
    killed_at: AwareDatetime
    instruments: FrozenMap[str, InstrumentStop] = Field(default_factory=dict)

    @property
    def is_drill(self) -> bool:
        """Whether it was asked for as an exercise."""
        return is_drill(self.stop.id)

    @property
    def has_passed(self) -> bool:
        """Whether it was a drill after which every instrument was confirmed safe."""
        return self.is_drill and self.is_safe

    @property
    def is_safe(self) -> bool:
        """Whether every instrument was confirmed safe."""
        return all(one.state.state == "safe at" for one in self.instruments.values())

    def since(self, earlier: "StopReport") -> "StopReport":
        """This one with the instants that an earlier one of the same stop tells: when things were so first."""
        known = earlier.instruments
        instruments = {
            name: one.model_copy(
                update={"written_at": (known[name].written_at if name in known else None) or one.written_at}
            )
            for name, one in self.instruments.items()
        }
        times = {"heard_at": earlier.heard_at, "latched_at": earlier.latched_at, "killed_at": earlier.killed_at}
        return self.model_copy(update={**times, "instruments": instruments})

    def to_text(self) -> str:
        """For people: seconds count from the request."""
        asked, stop = self.stop.at, self.stop
        what = "drill" if self.is_drill else "stop"
        latched, killed = ((at - asked).total_seconds() for at in (self.latched_at, self.killed_at))
        lines = [
            f"{asked:%Y-%m-%d %H:%M:%S} {what} {stop.id} on {self.machine} by {stop.person}: {stop.reason}",
            f"  latched after {latched:.3f} s, agents killed after {killed:.3f} s",
        ]
        for name, one in sorted(self.instruments.items()):
            said = "no write acknowledged"
            if one.written_at is not None:
                said = f"safe state written after {(one.written_at - asked).total_seconds():.3f} s"
            at = one.state.at
            when = (
                f" after {(at - asked).total_seconds():.1f} s"
                if at is not None and one.state.state == "safe at"
                else ""
            )
            known = "confirmed safe" if one.state.state == "safe at" else one.state.state
            lines.append(f"  {name}: {said}; {known}{when} {one.state.detail}".rstrip())
        return "\n".join(lines)


def keep_report(folder: Path, report: StopReport) -> None:
    """Write it beside the latch, over an earlier one of the same stop; the oldest beyond `N_KEPT` go.

    A guard does all of a stop again when it starts latched, or when another stop comes. That makes nothing of the first
    time untrue: its instants stay, and a report after which every instrument was confirmed safe stays as it is.

    Args:
        folder: The guard's folder.
        report: What to keep.

    Raises:
        OSError: If the disk does not take it.
    """
    place = folder / "stops"
    place.mkdir(exist_ok=True)
    stamp = f"{report.stop.at:%Y%m%dT%H%M%S%f}"
    path = place / f"{stamp}_{report.stop.id}.json"
    earlier = _find_report(path)
    if earlier is not None and earlier.is_safe:
        return
    report = report if earlier is None else report.since(earlier)
    write_atomically(path, report.model_dump_json(indent=1).encode())
    for old in sorted(place.glob("*.json"))[:-N_KEPT]:
        old.unlink(missing_ok=True)


@dataclass(frozen=True)
class KeptReports:
    """What lies where machines keep their reports.

    Attributes:
        reports: The oldest first.
        unreadable: Of each file that is none: which, why, and what to do.
    """

    reports: tuple[StopReport, ...]
    unreadable: tuple[str, ...]


def read_reports(folder: StateFolder, machines: tuple[str, ...]) -> KeptReports:
    """Every report that the machines kept in this state folder; a file that is none hides no other."""
    found, unreadable = [], []
    for machine in machines:
        for path in sorted((folder.guard(machine) / "stops").glob("*.json")):
            try:
                found.append(StopReport.model_validate_json(path.read_bytes()))
            except FileNotFoundError:
                continue  # the oldest one, which has just made room for a new one
            except (OSError, ValidationError) as error:
                why = str(error).splitlines()[0]
                unreadable.append(f"{path} is no report of a stop: {why}. Look at it, then move it away.")
    return KeptReports(tuple(sorted(found, key=lambda report: (report.stop.at, report.machine))), tuple(unreadable))


def find_drilled(folder: Path) -> StopRequest | None:
    """The last drill that passed on a machine, by the reports in its guard's folder; None where there is none.

    A file that is no report is passed over: a guard starts whatever lies there, and `read_reports` names the file.
    """
    for path in sorted((folder / "stops").glob("*.json"), reverse=True):
        report = _find_report(path)
        if report is not None and report.has_passed:
            return report.stop
    return None


def _find_report(path: Path) -> StopReport | None:
    with suppress(OSError, ValidationError):
        return StopReport.model_validate_json(path.read_bytes())
    return None
