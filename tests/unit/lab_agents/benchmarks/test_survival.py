"""The rows of what a laboratory survives; the nights themselves are campaigns."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.benchmarks.blows import GUARD, Blow, kinds_of
from lab_agents.benchmarks.epochs import DatedAct
from lab_agents.benchmarks.figures import Figure
from lab_agents.benchmarks.kills import Night, Recovery
from lab_agents.benchmarks.survival import (
    EACH,
    freeze_figures,
    kill_figures,
    permit_figures,
    plan_night,
)
from lab_agents.chaos.scorecard import Tally, tally

REPLAY = read_laboratory(find_laboratory("opv_replay", Path()))
AT = datetime(2026, 1, 1, tzinfo=UTC)


def verdicts(figures: list[Figure]) -> dict[str, str]:
    """Figure → verdict, of those that did not pass."""
    return {one.figure: one.verdict for one in figures if one.verdict != "passed"}


@pytest.fixture
def counted(written: Path) -> Tally:
    """A campaign in which everything agrees."""
    return tally(written)


def night(*recoveries: Recovery) -> Night:
    """A night that ended well, with these recoveries."""
    return Night([Recovery(Blow("kill", "line_a"), 2.0), Recovery(Blow("kill", GUARD), 12.0), *recoveries], code=0)


def test_a_night_gives_a_hundred_kills_and_freezes_agents_that_drive_instruments() -> None:
    """Every kind of process as often as every other."""
    blows = plan_night(REPLAY, 0)
    kills = Counter(blow.name for blow in blows if blow.how == "kill")
    assert sum(kills.values()) >= 100
    assert {sum(kills[name] for name in names) for names in kinds_of(REPLAY).values()} == {EACH}
    frozen = [blow.name for blow in blows if blow.how == "freeze"]
    assert {REPLAY.agents[name].role for name in frozen} == {"synthesis", "service", "characterization"}
    assert plan_night(REPLAY, 0) == blows != plan_night(REPLAY, 1)


def test_a_good_night_passes_every_row(counted: Tally) -> None:
    """With what it was made of."""
    frozen = Recovery(Blow("freeze", "line_a", 24.0), 7.0, noticed=2.2, gone=5.3, at=AT)
    figures = kill_figures([(night(frozen), counted, 0)])
    assert verdicts(figures) == {}
    assert f"2 kills over {counted.n_moved} actuations" in figures[0].note


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ({"lost": 1}, "lost under random kills"),
        ({"repeated": 2}, "actuations repeated under random kills"),
    ],
)
def test_one_that_is_lost_or_repeated_fails_its_row(counted: Tally, change: dict[str, int], row: str) -> None:
    """And no other."""
    frozen = Recovery(Blow("freeze", "line_a", 24.0), 7.0, noticed=2.2, gone=5.3, at=AT)
    spoiled = replace(counted, **change)
    assert list(verdicts(kill_figures([(night(frozen), spoiled, 0)]))) == [row]


def test_what_is_slow_or_never_works_again_fails() -> None:
    """A guard may take twice as long, because its whole tree starts again."""
    late = Recovery(Blow("freeze", "line_a", 24.0), 7.0, noticed=3.5, gone=None)
    assert set(verdicts(freeze_figures([late]))) == {
        "seconds until a frozen agent is called lost, or is gone, longest",
        "seconds until a frozen agent is killed, longest",
    }
    assert verdicts(freeze_figures([])) != {}
    died_with_its_guard = Recovery(Blow("freeze", "line_a", 24.0), 4.0, noticed=None, gone=0.02)
    assert verdicts(freeze_figures([died_with_its_guard])) == {}
    unseen = Recovery(Blow("freeze", "line_a", 24.0), 9.0, noticed=None, gone=5.0)
    assert set(verdicts(freeze_figures([unseen]))) == {
        "seconds until a frozen agent is called lost, or is gone, longest"
    }


def test_a_lost_permit_is_judged_by_what_began_and_what_was_halted_until_it_was_back() -> None:
    """A successor's starts are its own; a halt that comes late, or never, is not safe."""
    lost = Recovery(Blow("freeze in soak", "broker", 12.0), 13.0, at=AT)

    def judged(*moments: tuple[float, str]) -> list[str]:
        acts = [DatedAct("tester", AT + timedelta(seconds=seconds), 1, action) for seconds, action in moments]
        return [row.verdict for row in permit_figures(lost, acts, ("tester",))]

    assert judged((-1.0, "soak"), (1.0, "dose"), (2.4, "halt"), (12.5, "dose")) == ["passed", "passed"]
    assert judged((2.4, "halt"), (4.0, "dose")) == ["failed", "passed"]
    assert judged((3.4, "halt")) == ["passed", "failed"]
    assert judged((-1.0, "halt"), (12.5, "halt")) == ["passed", "failed"]
