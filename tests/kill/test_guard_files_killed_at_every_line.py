"""A guard killed at any line of its latch and its epochs: a stop that was answered stands, no epoch is given twice.

The process dies before a line of our own code; the next guard opens the files as they were left. A guard writes its
latch in threads: also between any two lines of a re-arm another stop may come, and the other way round.
"""

import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from lab_agents.epochs import EpochCounter
from lab_agents.latch import UNREADABLE, Latch
from lab_agents.messages.frames import Rearm, StopRequest
from tests.kill.loop import Killed, Reaper, every_line

AT = datetime(2026, 1, 1, tzinfo=UTC)
STOPS = ("stop-1", "stop-2")
BLOCKED = 0.02
"""Seconds after which a thread that has not ended waits for the one that is looked at, and is left to it."""


def live(reaper: Reaper, life: Callable[[], None]) -> None:
    """One life in which every line of our code is a point."""
    with warnings.catch_warnings():
        # The operating system closes the files of a dead process without a word.
        warnings.simplefilter("ignore", ResourceWarning)
        with suppress(Killed), every_line(reaper.point):
            life()


@dataclass
class Told:
    """What a guard answered, over all its lives: stops in force, re-arms that were begun and done, epochs given."""

    held: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    lifted: set[str] = field(default_factory=set)
    epochs: list[int] = field(default_factory=list)


def guard(folder: Path, told: Told) -> None:
    """One life: it starts a child, takes two stops, and lifts each; what an earlier life did is done already."""
    latch, epochs = Latch(folder / "latch.json"), EpochCounter(folder / "epoch.json")
    told.epochs.append(epochs.next())
    for stop in STOPS:
        latch.hold(StopRequest(id=stop, person="ada", reason="smoke", at=AT))
        latch.save()
        told.held.add(stop)
    told.epochs.append(epochs.next(above=7))
    for stop in STOPS:
        if not latch.is_rearmed(stop):
            told.begun.add(stop)
            latch.lift(Rearm(stop=stop, person="ada", reason="looked", at=AT))
        told.lifted.add(stop)


def check_left(folder: Path, told: Told) -> None:
    """What the files say after a death."""
    latch = Latch(folder / "latch.json")
    in_force = {stop.id for stop in latch.stops}
    assert UNREADABLE not in in_force
    assert told.held - told.begun <= in_force
    for stop in told.held:
        assert (stop in in_force) != latch.is_rearmed(stop)
    for stop in told.lifted:
        assert latch.is_rearmed(stop)
    assert told.epochs == sorted(set(told.epochs))
    assert EpochCounter(folder / "epoch.json").last >= max(told.epochs, default=0)


def count_lines(life: Callable[[], None]) -> int:
    """How many points an undisturbed life has."""
    reaper = Reaper()
    live(reaper, life)
    return reaper.count


def test_a_guard_killed_at_any_line_keeps_every_stop_and_gives_no_epoch_twice(tmp_path):
    (tmp_path / "whole").mkdir()
    points = count_lines(lambda: guard(tmp_path / "whole", Told()))
    assert points > 100
    for point in range(1, points + 1):
        folder, told = tmp_path / str(point), Told()
        folder.mkdir()
        live(Reaper(point), lambda folder=folder, told=told: guard(folder, told))
        check_left(folder, told)
        # The next guard dies a few lines further on; the one after it is let be.
        live(Reaper(1 + point * 7 % points), lambda folder=folder, told=told: guard(folder, told))
        check_left(folder, told)
        guard(folder, told)
        check_left(folder, told)
        assert not Latch(folder / "latch.json").is_set


@pytest.mark.parametrize("broken", [b"", b"{", b'{"stops": 3}'])
def test_a_latch_that_cannot_be_read_stays_a_stop_wherever_the_guard_dies(tmp_path, broken):
    path = tmp_path / "latch.json"

    def life() -> None:
        latch = Latch(path)
        latch.hold(StopRequest(id="stop-1", person="ada", reason="smoke", at=AT))
        latch.save()

    path.write_bytes(broken)
    points = count_lines(life)
    for point in range(1, points + 1):
        path.write_bytes(broken)
        live(Reaper(point), life)
        assert Latch(path).is_set, f"the guard that died at its line {point} left a latch that holds nothing"


def test_a_broken_latch_is_kept_for_people_to_look_at_and_can_be_lifted(tmp_path):
    path = tmp_path / "latch.json"
    path.write_bytes(b"{")
    latch = Latch(path)
    assert path.with_suffix(".unreadable").read_bytes() == b"{"
    latch.lift(Rearm(stop=UNREADABLE, person="ada", reason="looked", at=AT))
    assert not Latch(path).is_set


def stop_meanwhile(latch: Latch) -> None:
    """What a guard does at a stop request while a thread of its own writes: the request holds at once."""
    latch.hold(StopRequest(id="stop-2", person="ada", reason="fire", at=AT))


def rearm(latch: Latch) -> None:
    """What a guard does at a re-arm, in a thread."""
    latch.lift(Rearm(stop="stop-1", person="ada", reason="looked", at=AT))


def between_lines(point: int, work: Callable[[], None], other: Callable[[], None]) -> int:
    """Do `work`, and `other` in a thread of its own from a line of it on; returns how many lines `work` has."""
    meanwhile = Thread(target=other)

    class Visitor(Reaper):
        def is_due(self, where: object) -> bool:
            if self.count == point:
                meanwhile.start()
                meanwhile.join(BLOCKED)
            return False

    visitor = Visitor()
    live(visitor, work)
    if meanwhile.ident is not None:
        meanwhile.join()
    return visitor.count


def stopped(path: Path) -> Latch:
    """A latch with one stop in force."""
    path.unlink(missing_ok=True)
    latch = Latch(path)
    latch.hold(StopRequest(id="stop-1", person="ada", reason="smoke", at=AT))
    latch.save()
    return latch


def check_both(path: Path, where: str) -> None:
    """The stop that came stands, the one that was lifted does not, whoever was first."""
    left = Latch(path)
    assert [stop.id for stop in left.stops] == ["stop-2"], where
    assert left.is_rearmed("stop-1"), where


def test_a_stop_that_comes_at_any_line_of_a_rearm_stands_on_disk(tmp_path):
    path, point, points = tmp_path / "latch.json", 0, 1
    while point < points:
        point += 1
        latch = stopped(path)

        def stop(latch: Latch = latch) -> None:
            stop_meanwhile(latch)
            latch.save()

        points = between_lines(point, lambda latch=latch: rearm(latch), stop)
        assert latch.is_set, f"nothing holds in memory after line {point}"
        check_both(path, f"the stop came at line {point} of {points}")
    assert points > 20


def test_a_rearm_that_comes_at_any_line_of_the_saving_of_another_stop_stands_on_disk(tmp_path):
    path, point, points = tmp_path / "latch.json", 0, 1
    while point < points:
        point += 1
        latch = stopped(path)
        stop_meanwhile(latch)
        points = between_lines(point, latch.save, lambda latch=latch: rearm(latch))
        check_both(path, f"the re-arm came at line {point} of {points}")
    assert points > 10
