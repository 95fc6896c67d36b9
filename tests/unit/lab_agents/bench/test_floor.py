"""Instruments without wires."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.bench.floor import BenchFloor
from lab_agents.records.recipe import Act
from simulators.errors import RefusedError
from tests.film_lab import with_trays
from tests.simulated_world import token
from tests.thin_film_stand import act

AT = datetime(2026, 1, 1, tzinfo=UTC)
LABORATORY = read_laboratory(find_laboratory("thin_film", Path()))
CARRY = Act(instrument="robot", plan="transfer", arguments={"source": "rack_118", "target": "uv_stage"})
LOOK = Act(instrument="uvvis", plan="spectrum", arguments={"averages": 4.0})


def test_what_is_carried_is_measured_and_equal_tokens_give_equal_raw_data() -> None:
    """Draws depend on the seed and the token alone."""
    raws = []
    for _ in range(2):
        floor = BenchFloor(LABORATORY)
        floor.do(CARRY, "a" * 16, AT)
        done = floor.do(LOOK, "b" * 16, AT)
        raws.append(floor.record(LOOK, "b" * 16, AT, done))
    assert raws[0] == raws[1]
    assert b"transmittance" in raws[0]


def test_an_instrument_refuses_what_its_stage_does_not_hold() -> None:
    """Nothing stands there yet."""
    with pytest.raises(RefusedError):
        BenchFloor(LABORATORY).do(LOOK, "b" * 16, AT)


def test_an_instrument_that_records_nothing_gives_nothing() -> None:
    """A robot carries."""
    floor = BenchFloor(LABORATORY)
    done = floor.do(CARRY, "a" * 16, AT)
    assert floor.record(CARRY, "a" * 16, AT, done) == b""


def test_a_tray_that_runs_low_is_full_again() -> None:
    """On the bench the person has always been there in time."""
    small = with_trays(LABORATORY, pieces=3.0, low=1.0)
    floor = BenchFloor(small)
    left = []
    for number in range(4):
        floor.do(act("mix"), token(10 * number), AT)
        floor.do(act("spin"), token(10 * number + 1), AT)
        floor.do(act("transfer", target=f"rack_{number + 1}"), token(10 * number + 2), AT)
        left.append(3.0 - floor.things.drawn["spin_a"])
    assert left == [2.0, 1.0, 2.0, 1.0]
