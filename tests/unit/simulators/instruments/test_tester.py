"""The light-soak record."""

import math
import statistics
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.tables import Material, Table
from simulators.errors import ErrorNumber
from simulators.installation import Models, install
from simulators.instruments.tester import POINTS, TAU, SoakTester
from simulators.world_state import WorldState
from tests.simulated_world import START, TABLE, coat, dose, laboratory, new_vial, soak, token, transfer

WIDE = Table(
    ("PCE10",), "toughness", (Material((0.0,), (-3.0,)), Material((0.5,), (12.0,)), Material((1.0,), (46.0,))), "0" * 64
)


def soak_tester(table: Table = TABLE) -> SoakTester:
    """The shipped laboratory's tester before `table`."""
    model = Models(laboratory(), table).model("tester")
    assert isinstance(model, SoakTester)
    return model


def recovered(model: SoakTester, value: float, number: int) -> float:
    """The value that least squares find in a trace: absorbance is linear in exp(-t/tau)."""
    trace = model.trace(value, f"film-{number}", 3600.0, token(number))
    gone = [1 - math.exp(-t / TAU) for t in trace.times]
    absorbance = [-math.log10(t) for t in trace.transmission]
    slope, fresh = statistics.linear_regression(gone, absorbance)
    offset, span = model.scale
    return offset + span * -slope / fresh


@given(st.floats(0, 0.9), st.integers(0, 10**6))
def test_a_share_is_found_again_to_a_two_hundredth(value, number) -> None:
    """Property: noise and film-to-film variation leave the value recoverable."""
    assert recovered(soak_tester(), value, number) == pytest.approx(value, abs=0.005)


@pytest.mark.parametrize("value", [-3.0, 0.0, 12.0, 46.0])
def test_any_property_is_found_again_within_its_span(value) -> None:
    """To half a per cent of the span, also for negative values."""
    model = soak_tester(WIDE)
    assert recovered(model, value, 1) == pytest.approx(value, abs=0.005 * model.scale[1])


@given(st.floats(0, 0.9), st.integers(0, 10**6), st.floats(60, 36000))
def test_a_record_is_physical_and_repeatable(value, number, exposure) -> None:
    """Property: transmissions lie between 0 and 1; the same film and token give the same record."""
    trace = soak_tester().trace(value, "film", exposure, token(number))
    assert len(trace.times) == len(trace.transmission) == POINTS
    assert trace.times[0] == 0
    assert trace.times[-1] == pytest.approx(exposure)
    assert all(0 < t < 1 for t in trace.transmission)
    assert soak_tester().trace(value, "film", exposure, token(number)) == trace


def test_films_differ_a_little_and_measurements_of_one_film_only_by_noise() -> None:
    """Thickness belongs to the film, noise to the measurement."""
    first = soak_tester().trace(0.3, "film-1", 3600.0, token(1))
    again = soak_tester().trace(0.3, "film-1", 3600.0, token(2))
    other = soak_tester().trace(0.3, "film-2", 3600.0, token(1))
    assert first != again
    assert abs(statistics.fmean(first.transmission) - statistics.fmean(again.transmission)) < 1e-3
    assert abs(statistics.fmean(first.transmission) - statistics.fmean(other.transmission)) > 1e-3


def measured(folder, table: Table | None) -> tuple[WorldState, ErrorNumber]:
    """Make a film of 1:1 on line_a, carry it to the tester, start a soak."""
    world = WorldState(folder, START)
    instruments = install(laboratory(), table, world)
    orders = (
        ("dispenser_a", new_vial(1)),
        ("dispenser_a", dose(2, 1, 50.0)),
        ("dispenser_a", dose(3, 2, 50.0)),
        ("coater_a", coat(4)),
        ("robot", transfer(5, "stage_a", "stage_t")),
    )
    for name, order in orders:
        assert instruments[name].start(order) is ErrorNumber.NONE
        world.advance(world.now + timedelta(hours=1))
    return world, instruments["tester"].start(soak(6))


def test_the_film_on_its_stage_is_measured_for_the_exposure(tmp_path) -> None:
    """The truth is that of what was dosed."""
    world, error = measured(tmp_path, TABLE)
    assert error is ErrorNumber.NONE
    program = world.running("tester")
    assert program is not None
    assert program.details["value"] in (0.30, 0.32)
    assert program.ends_at == world.now + timedelta(hours=1)
    world.close()


def test_without_a_table_nothing_can_be_measured(tmp_path) -> None:
    """The start is refused, the rest of the laboratory works."""
    world, error = measured(tmp_path, None)
    assert error is ErrorNumber.BLOCKED
    world.close()
