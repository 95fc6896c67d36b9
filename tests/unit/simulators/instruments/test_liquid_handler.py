"""Mixing inks."""

import statistics
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import ErrorNumber, RefusedError
from simulators.faults import Faults, Mishap
from simulators.instruments.liquid_handler import TIPS, Deck, LiquidHandler, parse_volumes
from simulators.ledger import read_ledger
from simulators.world.draws import Draws
from tests.simulated_world import token
from tests.thin_film_stand import INK, installed, order


def handler(**rates: float) -> LiquidHandler:
    """A handler without a deck, for its errors alone."""
    faults = Faults(mishaps={name: Mishap(rate) for name, rate in rates.items()})
    return LiquidHandler("handler", Deck(frozenset(), {}, 0), Draws(3), faults, {})


def test_a_mix_fills_a_new_vial_and_empties_bottles(tmp_path) -> None:
    """What was in the vial is gone; the second mix holds its own volumes only."""
    world, instruments = installed(tmp_path)
    model = instruments["handler"].model
    for number in (1, 2):
        assert instruments["handler"].start(order(number, "mix")) is ErrorNumber.NONE
        assert world.next_end() == world.now + timedelta(seconds=60 + 4 * 35)
        world.advance(world.now + timedelta(hours=1))
    line = read_ledger(tmp_path / "ledger.jsonl")[-1]
    assert world.things.inks["vial_a"] == dict(zip(line.details["stocks"], line.details["delivered"], strict=True))
    assert model.left(world.things)["fai"] == pytest.approx(25000 - 320, abs=5)
    assert model.left(world.things)["mai"] == 25000
    assert model.tips_left(world.things) == 2000 - 8
    world.close()


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"volumes": "fai:nan"}, ErrorNumber.LIMIT),
        ({"volumes": "fai:-1.00"}, ErrorNumber.LIMIT),
        ({"volumes": "fai:1.00;fai:1.00"}, ErrorNumber.LIMIT),
        ({"volumes": "water:100.00"}, ErrorNumber.LIMIT),
        ({"volumes": "fai:1000.01"}, ErrorNumber.LIMIT),
        ({"volumes": "fai:800.00;csi:800.00"}, ErrorNumber.LIMIT),
        ({"volumes": "fai:0.00"}, ErrorNumber.LIMIT),
        ({"volumes": ""}, ErrorNumber.LIMIT),
        ({"vial": "rack_1"}, ErrorNumber.LIMIT),
    ],
)
def test_what_cannot_be_mixed_moves_nothing(tmp_path, changes, number) -> None:
    """Not a number, unknown stocks, too much for the tip or the vial: refused before the vial is emptied."""
    world, instruments = installed(tmp_path)
    assert instruments["handler"].start(order(1, "mix", **changes)) is number
    assert [line.action for line in read_ledger(tmp_path / "ledger.jsonl")] == ["power_on"]
    world.close()


def test_a_stock_that_would_run_out_half_way_is_refused_before_anything_moves(tmp_path) -> None:
    """The bottle holds 25 mL; twenty-five mixes of 1 mL cannot all be made."""
    world, instruments = installed(tmp_path)
    mixes = [order(number, "mix", volumes="csi:20.00;fai:1000.00") for number in range(26)]
    numbers = []
    for mix in mixes:
        numbers.append(instruments["handler"].start(mix))
        world.advance(world.now + timedelta(hours=1))
    assert numbers[:24] == [ErrorNumber.NONE] * 24
    assert numbers[-1] is ErrorNumber.BLOCKED
    drawn = sum(line.details["drawn"][1] for line in read_ledger(tmp_path / "ledger.jsonl") if line.action == "mix")
    assert world.things.drawn["fai"] == pytest.approx(drawn)
    world.close()


@pytest.mark.parametrize("tip", TIPS)
def test_errors_stay_within_what_calibration_lets_pass(tip) -> None:
    """Random error as the standard's limit; the systematic one is the same for every transfer of one size of tips."""
    model = handler()
    errors = [model.transfer("csi", tip.nominal, token(n)).delivered - tip.nominal for n in range(400)]
    assert statistics.stdev(errors) == pytest.approx(tip.random, rel=0.15)
    assert abs(statistics.fmean(errors)) < 1.5 * tip.systematic


def test_a_clog_swallows_a_part_that_the_report_shows_only_where_it_was_seen() -> None:
    """Unseen, the handler reports what it was asked for."""
    hidden = [handler(clog=1.0).transfer("csi", 100.0, token(n)) for n in range(200)]
    assert all(a.delivered < 82 and a.reported == 100.0 and not a.is_flagged for a in hidden)
    seen = [handler(clog=1.0, clog_seen=1.0).transfer("csi", 100.0, token(n)) for n in range(200)]
    assert all(a.is_flagged and a.deviation == 10.0 for a in seen)
    assert statistics.fmean(a.reported - a.delivered for a in seen) == pytest.approx(0.0, abs=2.5)


@given(st.floats(0.01, 1000.0), st.integers(0, 99))
def test_a_delivery_is_drawn_by_its_token_alone(volume, number) -> None:
    """The same act delivers the same volume, also after a kill."""
    assert handler().transfer("csi", volume, token(number)) == handler().transfer("csi", volume, token(number))


def test_volumes_are_read_as_the_wire_writes_them() -> None:
    """Two decimals, no white space."""
    assert parse_volumes(INK) == {"fai": 160.0, "csi": 40.0, "pbi2": 100.0, "sni2": 100.0}
    with pytest.raises(RefusedError, match="is no volume"):
        parse_volumes("fai: 1.00")
