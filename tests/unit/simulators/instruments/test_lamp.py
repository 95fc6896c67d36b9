"""Light on films."""

import pytest

from simulators.errors import ErrorNumber
from tests.film_bench import film_on, recorded, run
from tests.simulated_world import token
from tests.thin_film_stand import installed, order


def test_a_soak_ages_the_film_and_leaves_its_trace(tmp_path) -> None:
    """By what really reached it; the trace says about as much."""
    with film_on(tmp_path, "lamp_1") as (world, instruments):
        record = recorded(world, instruments, "lamp_1", 10, "illuminate")
        film = world.things.film_at("lamp_1")
        assert film is not None
        deed = film.deeds[-1]
    assert (deed.action, deed.number("duration")) == ("illuminate", 1800.0)
    assert deed.number("suns") == pytest.approx(1.0, abs=0.04)
    assert record["time"][-1] == 1800.0
    assert sum(record["irradiance"]) / len(record["irradiance"]) == pytest.approx(deed.number("suns"), rel=0.02)


def test_a_lamp_that_goes_out_leaves_the_rest_dark(tmp_path) -> None:
    """The film got less light than was asked for, and the trace shows it."""
    with film_on(tmp_path, "lamp_1", lamp_failure_rate=1.0) as (world, instruments):
        numbers = range(10, 20)
        records = [recorded(world, instruments, "lamp_1", n, "illuminate") for n in numbers]
        details = [instruments["lamp_1"].ask(token(n)).details for n in numbers]
    failed = [(r, d) for r, d in zip(records, details, strict=True) if d["fails_at"] >= 0]
    assert failed
    assert all(abs(r["irradiance"][-1]) < 0.01 and d["suns"] < 0.99 for r, d in failed)


def test_slots_differ_and_know_their_own_film(tmp_path) -> None:
    """A film in one slot is not exposed by another."""
    with film_on(tmp_path, "lamp_2") as (world, instruments):
        assert instruments["lamp_1"].start(order(10, "illuminate")) is ErrorNumber.BLOCKED
        run(world, instruments, "lamp_2", order(11, "illuminate"))


@pytest.mark.parametrize("changes", [{"suns": float("nan")}, {"suns": 2.0}, {"duration": 1.0}])
def test_what_cannot_be_exposed_is_refused(tmp_path, changes) -> None:
    """Beyond the lamp's limits."""
    world, instruments = installed(tmp_path)
    assert instruments["lamp_1"].start(order(10, "illuminate", **changes)) is ErrorNumber.LIMIT
    world.close()
