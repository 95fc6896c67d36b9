"""Sheet resistance of films."""

import pytest

from simulators.errors import ErrorNumber
from tests.film_bench import film_on, recorded
from tests.thin_film_stand import order


def test_voltage_over_current_tells_the_films_resistance(tmp_path) -> None:
    """4.53 V/I of a large thin sheet, less by the finite film."""
    with film_on(tmp_path, "probe_stage") as (world, instruments):
        record = recorded(world, instruments, "probe", 10, "sweep")
        history = instruments["probe"].model._bench.history  # noqa: SLF001 - the truth behind the record
        truth = history.state(world.things.film_at("probe_stage")).sheet_resistance
    slope = sum(v / i for v, i in zip(record["voltage"], record["current"], strict=True)) / 10
    assert 4.5324 * slope == pytest.approx(truth, rel=0.15)
    assert (record["spacing"], record["compliance"]) == (1.0, 2.1)


def test_a_tip_without_contact_draws_no_current(tmp_path) -> None:
    """Nothing but the source's own noise."""
    with film_on(tmp_path, "probe_stage", no_contact_rate=1.0) as (world, instruments):
        record = recorded(world, instruments, "probe", 10, "sweep")
    assert max(abs(i) for i in record["current"]) < 1e-10


@pytest.mark.parametrize("changes", [{"current": float("nan")}, {"current": 0.0}, {"points": 2.5}, {"points": 51.0}])
def test_what_cannot_be_swept_is_refused(tmp_path, changes) -> None:
    """A current above zero, a whole number of points."""
    with film_on(tmp_path, "probe_stage") as (_, instruments):
        assert instruments["probe"].start(order(10, "sweep", **changes)) is ErrorNumber.LIMIT
