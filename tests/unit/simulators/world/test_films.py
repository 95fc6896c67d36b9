"""Many films at once."""

import numpy as np
import pytest

from simulators.world.film_state import PHASES
from simulators.world.films import Air, make_films
from simulators.world.gap_field import GapField
from tests.perovskites import SMOOTH, annealed, mixed, sites, steps, uniform

FIELD = GapField(SMOOTH, 0)


@pytest.fixture(scope="module")
def everywhere():
    """Films spread evenly over the design space, without the random field."""
    made, processes = uniform(40_000, seed=3)
    return made, make_films(made, processes, SMOOTH, FIELD).properties(SMOOTH)


def test_phases_of_every_film_sum_to_one() -> None:
    """Nothing is lost over the whole space."""
    films = make_films(*uniform(2_000, seed=1), SMOOTH, FIELD)
    np.testing.assert_allclose(sum(films.shares[phase] for phase in PHASES), 1.0)
    assert min(share.min() for share in films.shares.values()) >= 0


def test_constraints_are_as_hard_as_they_were_computed_to_be(everywhere) -> None:
    """Shares of an even spread: gap 5.6 %, pure 27.9 %, no shift 92 %, kept 70 %, all 0.75 %, with half lead 0.37 %."""
    made, properties = everywhere
    gap = np.abs(np.nan_to_num(properties["gap"], nan=9.0) - 1.35) <= 0.02
    pure = properties["perovskite_fraction"] >= 0.95
    still = np.abs(np.nan_to_num(properties["gap_shift"])) <= 0.02
    kept = properties["kept"] >= 0.90
    feasible = gap & pure & still & kept
    assert 0.27 < pure.mean() < 0.29
    assert 0.91 < still.mean() < 0.93
    assert 0.69 < kept.mean() < 0.72
    assert 0.0060 < feasible.mean() < 0.0090
    assert 0.0028 < (feasible & (made.pb <= 0.5)).mean() < 0.0046


def test_halide_segregation_is_not_what_keeps_films_from_the_target(everywhere) -> None:
    """No film of the right gap and purity shifts: tin oxidation is what binds."""
    _, properties = everywhere
    right = np.abs(np.nan_to_num(properties["gap"], nan=9.0) - 1.35) <= 0.02
    right &= properties["perovskite_fraction"] >= 0.95
    assert np.abs(properties["gap_shift"][right]).max() < 0.02


def test_a_film_without_perovskite_has_no_gap_and_no_shift() -> None:
    """Missing, and not zero."""
    films = make_films(sites(mixed(cs=1.0)), steps(annealed()), SMOOTH, FIELD)
    assert np.isnan(films.gap[0])
    assert np.isnan(films.properties(SMOOTH)["gap_shift"][0])
    assert films.state(0, mixed(cs=1.0)).gap is None


def test_the_air_is_what_it_says() -> None:
    """Wet air and an old stock oxidize, drifting air spoils the antisolvent."""
    made, how = sites(mixed(fa=1.0, sn=0.8)), steps(annealed(120, 15, delay=13.68))
    dry, wet, old, drifting = (
        make_films(made, how, SMOOTH, FIELD, air)
        for air in (Air(), Air(oxidation=5.0), Air(tin4=0.05), Air(drift=10.0))
    )
    assert wet.shares["a2sni6"][0] > dry.shares["a2sni6"][0]
    assert old.shares["a2sni6"][0] > dry.shares["a2sni6"][0]
    assert drifting.numbers["quality"][0] < dry.numbers["quality"][0]
    assert old.numbers["sheet_resistance"][0] < dry.numbers["sheet_resistance"][0]
