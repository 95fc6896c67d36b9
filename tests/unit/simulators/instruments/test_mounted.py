"""What measuring instruments share."""

from datetime import timedelta
from itertools import pairwise

import pytest

from simulators.errors import RefusedError
from simulators.instruments.mounted import Bench, specimen
from simulators.world.absorber import World
from simulators.world.draws import Draws
from simulators.world.film_history import FilmHistory
from simulators.world.things import Things
from tests.film_bench import film_on, run
from tests.simulated_world import START, token
from tests.thin_film_stand import order


def test_a_drift_has_no_jumps() -> None:
    """It is straight within a day and goes on where it was at midnight."""
    bench = Bench(FilmHistory(World(), (), START), Draws(4), START)
    hours = [bench.drift(START + timedelta(hours=n), 0.01, "xrd") for n in range(24 * 20)]
    assert hours[0] == 0
    assert max(abs(b - a) for a, b in pairwise(hours)) < 0.01 / 4
    assert max(hours) > min(hours)


def test_a_measurement_sees_the_film_as_it_was_when_it_began(tmp_path) -> None:
    """Fetched later, after light, it is still the fresh film's."""
    with film_on(tmp_path, "uv_stage") as (world, instruments):
        run(world, instruments, "uvvis", order(10, "spectrum"))
        run(world, instruments, "robot", order(11, "transfer", source="uv_stage", target="lamp_1"))
        run(world, instruments, "lamp_1", order(12, "illuminate"))
        bench = instruments["uvvis"].model._bench  # noqa: SLF001 - what the record is made from
        film, seen = bench.seen(instruments["uvvis"].ask(token(10)), world.things)
    assert seen == bench.history.fresh(film)
    assert seen.absorbance_kept == 1.0
    assert bench.history.state(film).absorbance_kept < 1.0


def test_an_empty_place_holds_no_specimen() -> None:
    """Refused by name."""
    with pytest.raises(RefusedError, match="uv_stage is empty"):
        specimen(Things(), "uv_stage")
