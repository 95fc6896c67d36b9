"""Who moved under which epoch."""

import json
from datetime import UTC, datetime, timedelta

from lab_agents.benchmarks.epochs import DatedAct, count_old_epochs, in_window, read_acts
from tests.logbook import LogBook

AT = datetime(2026, 1, 1, tzinfo=UTC)


def act(seconds: float, epoch: int = 1, instrument: str = "dispenser") -> DatedAct:
    """An act so many seconds after an instant."""
    return DatedAct(instrument, AT + timedelta(seconds=seconds), epoch, "dose")


def test_a_window_begins_and_ends_behind_its_instant() -> None:
    """Of the instruments that are asked for, and of no others."""
    acts = [act(2.9), act(3.0), act(59.0), act(60.1), act(10.0, instrument="lamp")]
    assert in_window(acts, ("dispenser",), AT, 3.0, 60.0) == 2


def test_nothing_of_an_undisturbed_campaign_moved_under_an_old_epoch(written) -> None:
    """Every line of its ledger is read."""
    assert len(read_acts(written)) > 5
    assert count_old_epochs(written) == 0


def test_an_act_behind_the_birth_of_a_successor_is_old(book: LogBook) -> None:
    """And so is one under an epoch that the instrument had seen surpassed."""
    path = book.state / "simulator" / "ledger.jsonl"
    last = json.loads(path.read_text().splitlines()[-1])
    late = {**last, "number": last["number"] + 1, "epoch": 1, "token": "0" * 14 + "99", "instrument": "dispenser"}
    newer = {**late, "number": last["number"] + 2, "epoch": 5}
    older = {**late, "number": last["number"] + 3, "epoch": 4}
    with path.open("a") as ledger:
        ledger.writelines(json.dumps(line) + "\n" for line in (late, newer, older))
    assert count_old_epochs(book.state) == 1
