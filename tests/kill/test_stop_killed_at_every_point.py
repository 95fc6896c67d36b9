"""An emergency stop and its re-arm; every process concerned is killed at awaits, commits and lines of file writing.

The guard (through its socket and the topic), supervision, the recorder, the line that it stops in the middle of a task,
the notifier, and the person who asks die one by one, on a good network and on a bad one. A stop that was answered
stands until its re-arm is asked for, the log tells each stop and each re-arm once, people are told at least once, and
the task ends with each act done once.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab_agents.bus.faulty import Faults, FaultyCarrier
from lab_agents.bus.memory import MemoryCarrier
from lab_agents.messages.course import Rearmed, StopRecorded
from lab_agents.stop_report import read_reports
from tests.kill.house import IsDue, Process, at_point, run_house
from tests.kill.stopped import StopNight
from tests.kill.toy import N_ACTS

PROCESSES = ("guard", "line", "notifier", "person", "recorder", "supervision")
EVERY = {"guard": 20, "line": 12, "notifier": 12, "person": 4, "recorder": 8, "supervision": 16}
"""Of so many points of each process one is tried each time; `make kill-night` tries them all."""
BAD = Faults(loss=0.1, doubling=0.2, delay=0.2, reordering=0.2, most_turns=40)


@pytest.fixture
def folder() -> Iterator[Path]:
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


def spend(folder: Path, is_due: IsDue, carrier: MemoryCarrier | None = None) -> StopNight:
    """A night, and what must be true after it."""
    folder.mkdir()
    night = StopNight(folder, carrier or MemoryCarrier(), is_due)
    run_house(night.run)
    check_kept(night)
    return night


def check_kept(night: StopNight) -> None:
    """Each stop was told and held, and the task was done once."""
    assert night.house.errors == []
    told, instrument = night.promised, night.instrument
    assert instrument is not None
    told.check_held(instrument.sent)
    assert not night.untold()
    assert len(instrument.ledger) == len(set(instrument.ledger)) == N_ACTS
    assert instrument.refused == []
    bodies = [logged.entry.record for logged in night.entries()]
    stops = [body.stop for body in bodies if isinstance(body, StopRecorded)]
    rearms = [body.stop for body in bodies if isinstance(body, Rearmed)]
    assert set(told.settled) <= set(stops) == set(rearms)
    assert len(stops) == len(set(stops)) == len(rearms)
    order = [(type(body), body.stop) for body in bodies if isinstance(body, StopRecorded | Rearmed)]
    if night.house.lives["guard"] == 1:
        reports = read_reports(night.folder, ("main",)).reports
        assert told.settled <= {report.stop.id for report in reports}
    for stop in stops:
        assert order.index((StopRecorded, stop)) < order.index((Rearmed, stop))
    kinds = Counter(type(body).__name__ for body in bodies)
    assert kinds["AbortCampaign"] == kinds["TaskStarted"] == kinds["TaskDone"] == 1
    assert not kinds["TaskFailed"]


def count_points(folder: Path) -> Counter[str]:
    """How many points the first life of each process has where nobody dies."""
    counted: Counter[str] = Counter()

    def nobody(process: Process, _: object) -> bool:
        if process.number == 1:
            counted[process.name] = process.count
        return False

    spend(folder / "undisturbed", nobody)
    return counted


@pytest.mark.parametrize("name", PROCESSES)
def test_a_stop_and_its_rearm_stand_wherever_somebody_dies(folder: Path, name: str) -> None:
    points = count_points(folder)[name]
    assert points > 30
    for point in range(1 + points % EVERY[name], points + 1, EVERY[name]):
        spend(folder / f"{point}", at_point(name, point))


@pytest.mark.night
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", PROCESSES)
def test_a_stop_and_its_rearm_stand_at_every_point_at_which_somebody_dies(folder: Path, name: str) -> None:
    for point in range(1, count_points(folder)[name] + 1):
        spend(folder / f"good {point}", at_point(name, point))
        spend(folder / f"bad {point}", at_point(name, point), FaultyCarrier(point, BAD))
