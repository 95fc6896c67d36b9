"""What a scorecard counts, on a small campaign in which everything agrees, and on the same spoiled."""

import json
from pathlib import Path

import pytest

from lab_agents.benchmarks.blows import Blow
from lab_agents.benchmarks.kills import Night, Recovery
from lab_agents.chaos.plan import ChaosPlan, read_plan
from lab_agents.chaos.running import NightOfChaos
from lab_agents.chaos.scorecard import Scorecard, score
from tests.logbook import LogBook

PLAN = """
name: night
campaign: opv_blend.yaml
faults:
  - {fault: kill, of: [agents], times: 3}
  - {fault: freeze, of: [recorder]}
  - {fault: messages_dropped, rate: 0.25}
"""
NIGHT = Night(
    [
        Recovery(Blow("kill", "line_a"), 1.0),
        Recovery(Blow("kill", "line_b"), 3.0),
        Recovery(Blow("freeze", "recorder", 7.0), None, refusal="<no recorder>"),
    ],
    code=0,
    seconds=12.0,
)
CHAOS = NightOfChaos(NIGHT, {"kill": 3, "freeze": 1}, {"loss": 17})


@pytest.fixture
def plan(tmp_path: Path) -> ChaosPlan:
    """What was planned."""
    path = tmp_path / "night.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return read_plan(path)


def broken(card: Scorecard) -> list[str]:
    """The promises that were not kept."""
    return [promise.promise for promise in card.promises if not promise.is_kept]


def ledger_of(state: Path) -> Path:
    """The ledger of the simulated laboratory."""
    return state / "simulator" / "ledger.jsonl"


def rewrite(state: Path, lines: list[dict[str, object]]) -> None:
    """Another ledger, numbered as it must be."""
    numbered = [json.dumps({**line, "number": i}) + "\n" for i, line in enumerate(lines, start=1)]
    ledger_of(state).write_text("".join(numbered), encoding="utf-8")


def test_a_night_in_which_everything_agrees_keeps_every_promise(plan: ChaosPlan, written: Path) -> None:
    """Two samples, made, measured and concluded."""
    card = score(plan, written, CHAOS)
    assert broken(card) == []
    assert (card.lost, card.repeated, card.unknown, card.quarantined) == (0, 0, 0, 0)
    assert (card.n_samples, card.n_completed, card.n_spoiled) == (2, 2, 0)
    assert card.n_moved == card.n_ordered > 0


def test_faults_and_recoveries_are_counted_by_kind(plan: ChaosPlan, written: Path) -> None:
    """What could not be given is said with its reason, and is nobody's failure."""
    card = score(plan, written, CHAOS)
    lines = {line.fault: (line.planned, line.given, line.note) for line in card.faults}
    assert lines["kill"] == (3, 2, "the campaign had ended before the rest")
    assert lines["freeze"] == (1, 0, "<no recorder>")
    assert lines["messages_dropped"] == (None, 17, "")
    (kills,) = card.recoveries
    assert (kills.fault, kills.target, kills.n, kills.n_missing) == ("kill", "synthesis", 2, 0)
    assert (kills.p50, kills.p95, kills.worst) == (1.0, 3.0, 3.0)


def test_an_act_that_moved_twice_is_repeated_and_one_that_never_moved_is_lost(
    plan: ChaosPlan, book: LogBook, tmp_path: Path
) -> None:
    """By the ledger against the log."""
    lines = [json.loads(line) for line in ledger_of(book.state).read_text().splitlines()]
    rewrite(book.state, [*lines, lines[0]])
    twice = score(plan, book.state, CHAOS)
    assert (twice.lost, twice.repeated) == (0, 1)
    assert set(broken(twice)) == {"nothing is done twice", "log, ledger, raw data and documents agree"}
    rewrite(book.state, lines[1:])
    never = score(plan, book.state, CHAOS)
    assert (never.lost, never.repeated) == (1, 0)
    assert "nothing is lost" in broken(never)


def test_what_never_worked_again_and_what_is_left_running_break_promises(plan: ChaosPlan, written: Path) -> None:
    """Each with its name."""
    night = Night([Recovery(Blow("kill", "robot"), None)], code=None, left=["lab-agents: guard main (1)"])
    card = score(plan, written, NightOfChaos(night, {"kill": 1}))
    assert broken(card) == [
        "the campaign ends by itself",
        "whatever was struck works again",
        "no process is left behind",
    ]
    assert not card.is_kept
    assert "kill robot" in str(card.promises)
