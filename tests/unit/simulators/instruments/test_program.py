"""Token semantics that every instrument shares."""

import math
from datetime import timedelta

import pytest

from simulators.errors import ErrorNumber
from simulators.instruments.program import LastStart
from simulators.ledger import read_ledger
from simulators.world_state import TokenState
from tests.simulated_world import START, coat, dose, installed, new_vial, soak, token, transfer


@pytest.fixture
def floor(tmp_path):
    """Every instrument over a new world."""
    world, instruments = installed(tmp_path)
    yield world, instruments
    world.close()


def test_a_known_token_is_answered_and_not_executed_again(floor, tmp_path) -> None:
    """While it runs, when it is done, and whatever the epoch says."""
    world, instruments = floor
    dispenser = instruments["dispenser_a"]
    assert dispenser.start(new_vial(1, epoch=5)) is ErrorNumber.NONE
    assert dispenser.start(new_vial(1, epoch=5)) is ErrorNumber.NONE
    world.advance(START + timedelta(hours=1))
    assert dispenser.start(new_vial(1, epoch=2)) is ErrorNumber.NONE
    actions = [line.action for line in read_ledger(tmp_path / "ledger.jsonl")]
    assert actions == ["power_on", "new_vial"]


def test_a_start_while_another_runs_is_refused_and_not_kept(floor) -> None:
    """The same token may be sent again later."""
    world, instruments = floor
    dispenser = instruments["dispenser_a"]
    dispenser.start(new_vial(1))
    assert dispenser.start(dose(2, 1, 20.0)) is ErrorNumber.BUSY
    assert dispenser.ask(token(2)) is None
    assert dispenser.last == LastStart(token(2), ErrorNumber.BUSY)
    world.advance(START + timedelta(hours=1))
    assert dispenser.start(dose(2, 1, 20.0)) is ErrorNumber.NONE


def test_an_older_epoch_is_fenced(floor) -> None:
    """Also if the newer epoch's own start was refused."""
    _, instruments = floor
    tester = instruments["tester"]
    assert tester.start(soak(1, epoch=4)) is ErrorNumber.BLOCKED
    assert tester.epoch == 4
    assert tester.start(soak(2, epoch=3)) is ErrorNumber.FENCED
    assert tester.start(soak(3, epoch=4)) is ErrorNumber.BLOCKED


def test_a_halt_fails_the_running_program(floor) -> None:
    """And lets the next one start."""
    _, instruments = floor
    dispenser = instruments["dispenser_a"]
    dispenser.start(new_vial(1))
    dispenser.halt()
    program = dispenser.ask(token(1))
    assert program is not None
    assert program.state is TokenState.FAILED
    assert dispenser.start(dose(2, 1, 20.0)) is ErrorNumber.NONE


def test_tokens_epochs_and_limits_survive_a_power_cut(tmp_path) -> None:
    """The last start does not."""
    world, instruments = installed(tmp_path)
    instruments["dispenser_a"].start(new_vial(1, epoch=9))
    instruments["dispenser_a"].set_limit("volume", "upper", 12.5)
    world.close()
    world, instruments = installed(tmp_path)
    dispenser = instruments["dispenser_a"]
    program = dispenser.ask(token(1))
    assert program is not None
    assert program.state is TokenState.FAILED
    assert dispenser.epoch == 9
    assert dispenser.limits["volume"].upper == 12.5
    assert dispenser.last == LastStart()
    world.close()


@pytest.mark.parametrize("volume", [-1.0, 100.1, float("nan"), float("inf")])
def test_a_set_point_outside_the_limits_is_refused(floor, volume) -> None:
    """Also one that is no number."""
    world, instruments = floor
    instruments["dispenser_a"].start(new_vial(1))
    world.advance(START + timedelta(hours=1))
    assert instruments["dispenser_a"].start(dose(2, 1, volume)) is ErrorNumber.LIMIT


def test_a_slow_program_is_slow_in_laboratory_time(tmp_path) -> None:
    """The declared fault stretches its duration."""
    world, instruments = installed(tmp_path, slow_program_rate=1.0, slow_program_factor=4.0)
    instruments["dispenser_a"].start(new_vial(1))
    assert world.next_end() == START + timedelta(seconds=40)
    world.close()


def test_a_refusal_moves_nothing_and_the_next_attempt_has_its_own_luck(tmp_path) -> None:
    """Nothing stands against the start but the controller."""
    world, instruments = installed(tmp_path, **{"dispenser_a.refusal_rate": 1.0})
    assert instruments["dispenser_a"].start(new_vial(1)) is ErrorNumber.BLOCKED
    assert instruments["dispenser_b"].start(new_vial(1)) is ErrorNumber.NONE
    assert world.program("dispenser_a", token(1)) is None
    world.close()


def test_a_forgotten_token_is_never_seen_to_whoever_asks_and_is_not_executed_again(tmp_path) -> None:
    """Its answers are lost, its start is not repeated."""
    world, instruments = installed(tmp_path, forgotten_token_rate=1.0)
    firmware = instruments["dispenser_a"]
    assert firmware.start(new_vial(1)) is ErrorNumber.NONE
    assert firmware.ask(token(1)) is None
    assert firmware.start(new_vial(1)) is ErrorNumber.NONE
    assert world.running("dispenser_a") is not None
    assert [line.action for line in read_ledger(tmp_path / "ledger.jsonl")] == ["power_on", "new_vial"]
    world.close()


@pytest.mark.parametrize(("mishap", "factor"), [("nan", math.nan), ("wrong_reading", 3.0)])
def test_a_bad_record_is_bad_in_every_number(tmp_path, mishap, factor) -> None:
    """And the same each time it is asked for."""
    good, bad = (recorded(tmp_path / name, **rates) for name, rates in (("a", {}), ("b", {f"{mishap}_rate": 1.0})))
    assert good.keys() == bad.keys() != set()
    for name, told in good.items():
        assert bad[name] == pytest.approx([factor * number for number in told], nan_ok=True)


def recorded(folder, **rates):
    """What the tester recorded of a film."""
    world, instruments = installed(folder, **rates)
    orders = {
        "dispenser_a": (new_vial(1), dose(2, 1, 50.0), dose(3, 2, 50.0)),
        "coater_a": (coat(4),),
        "robot": (transfer(5, "stage_a", "stage_t"),),
        "tester": (soak(6),),
    }
    for name, order in ((name, order) for name, given in orders.items() for order in given):
        assert instruments[name].start(order) is ErrorNumber.NONE
        world.advance(world.now + timedelta(hours=2))
    record = instruments["tester"].record(token(6))
    assert record is instruments["tester"].record(token(6))
    world.close()
    return record
