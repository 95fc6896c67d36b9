"""The world as a whole."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import WorldError
from simulators.world.absorber import World
from simulators.world.film_state import PHASES
from tests.perovskites import SMOOTH, annealed, compositions, mixed, processes

WORLD = World(SMOOTH)
MIX = mixed(fa=0.8, cs=0.2, sn=0.5, br=0.1)


def _black(composition, temperature, minutes=10.0):
    return WORLD.make_film(composition, annealed(temperature, minutes)).phases["perovskite"]


def test_fapbi3_turns_black_between_100_and_160() -> None:
    """Yellow at 100 °C; at least 80 % black at 160 °C."""
    cold = WORLD.make_film(mixed(fa=1.0), annealed(100))
    assert cold.phases["delta_fa"] > 0.9
    assert _black(mixed(fa=1.0), 160) >= 0.8


def test_caesium_makes_it_black_at_100() -> None:
    """Cs.15FA.85PbI3."""
    assert _black(mixed(cs=0.15, fa=0.85), 100, 15) > 0.95


@given(st.floats(70, 150), st.floats(3, 45), st.floats(2000, 6000), st.floats(5, 30))
def test_cspbi3_is_yellow_after_every_allowed_recipe(temperature, minutes, speed, delay) -> None:
    """Property: the black phase does not survive quenching, and there is no gap to read."""
    film = WORLD.make_film(mixed(cs=1.0), annealed(temperature, minutes, speed, delay))
    assert film.phases["perovskite"] < 0.01
    assert film.gap is None


def test_mapbi3_decomposes_to_lead_iodide_and_fapbi3_does_not() -> None:
    """30 min at 150 °C: 30 to 60 % against less than 6 %."""
    assert 0.3 < WORLD.make_film(mixed(ma=1.0), annealed(150, 30)).phases["pbi2"] < 0.6
    assert WORLD.make_film(mixed(fa=1.0), annealed(150, 30)).phases["pbi2"] < 0.06


def test_an_oxidized_tin_film_holds_the_double_perovskite_and_tin_iodide() -> None:
    """What tin films are known to become."""
    film = WORLD.make_film(mixed(ma=1.0, sn=1.0), annealed(120, 20), oxidation=5.0)
    assert film.phases["a2sni6"] > 0.1
    assert film.phases["sni2"] > 0.1
    assert film.phases["pbi2"] == 0.0


def test_a_missed_antisolvent_leaves_small_grains_and_salts() -> None:
    """Smaller grains and up to 7 % of salts."""
    good, missed = (WORLD.make_film(mixed(fa=0.85, cs=0.15), annealed(delay=delay)) for delay in (18.0, 60.0))
    assert missed.grain < 0.6 * good.grain
    assert 0.06 < missed.phases["pbi2"] < 0.08


@given(compositions(), processes(), st.floats(0, 10), st.floats(0, 1))
def test_any_film_is_a_film(composition, process, oxidation, tin4) -> None:
    """Property: phases sum to one, numbers are positive, and the same is made again."""
    film = WORLD.make_film(composition, process, oxidation=oxidation, tin4=tin4)
    assert film == WORLD.make_film(composition, process, oxidation=oxidation, tin4=tin4)
    assert set(film.phases) == set(PHASES)
    assert sum(film.phases.values()) == pytest.approx(1.0)
    assert min(film.phases.values()) >= 0
    assert min(film.thickness, film.lattice, film.grain, film.carriers, film.sheet_resistance) > 0
    assert (film.gap is None) == (film.phases["perovskite"] < 0.2)


@given(compositions(), processes(), st.floats(0, 3), st.floats(0, 4000), st.floats(0, 4000))
def test_two_soaks_are_one(composition, process, suns, first, second) -> None:
    """Property: a second soak continues the first, and darkness changes nothing."""
    film = WORLD.make_film(composition, process)
    twice = WORLD.soak_film(WORLD.soak_film(film, suns, first), suns, second)
    once = WORLD.soak_film(film, suns, first + second)
    assert twice.absorbance_kept == pytest.approx(once.absorbance_kept)
    assert (twice.gap is None) == (film.gap is None)
    if once.gap is not None:
        assert twice.gap == pytest.approx(once.gap)
    assert WORLD.soak_film(film, suns=0.0) == film


@given(compositions(), processes())
def test_truth_is_that_of_the_film_as_made(composition, process) -> None:
    """Property: the standard soak gives what truth says, and having been in light changes no truth."""
    film = WORLD.make_film(composition, process)
    soaked, truth = WORLD.soak_film(film), WORLD.truth(film)
    assert truth.kept == pytest.approx(soaked.absorbance_kept)
    assert truth.lead == composition.pb
    assert truth.gap == film.gap
    if film.gap is not None:
        assert truth.gap_shift == pytest.approx(soaked.gap - film.gap, abs=1e-12)
        assert WORLD.truth(soaked).gap == pytest.approx(film.gap)
        assert WORLD.truth(soaked).gap_shift == truth.gap_shift
    else:
        assert truth.gap_shift is None


def test_the_loss_in_light_at_half_tin_is_under_half_of_dilution() -> None:
    """Lead protects tin beyond dilution [Leijtens 2017], in films of equal grains."""
    half, tin = (WORLD.make_film(mixed(fa=1.0, sn=s), annealed(120, 15, delay=18 * (1 - 0.3 * s))) for s in (0.5, 1.0))
    assert half.grain == pytest.approx(tin.grain)
    assert 1 - WORLD.truth(half).kept < 0.5 * (0.5 * (1 - WORLD.truth(tin).kept))


def test_moist_air_is_worse_in_light() -> None:
    """Ten times the rate."""
    film = WORLD.make_film(mixed(fa=1.0, sn=0.5), annealed(120))
    assert WORLD.soak_film(film, moist=True).absorbance_kept == pytest.approx(
        WORLD.soak_film(film).absorbance_kept ** 10
    )


@pytest.mark.parametrize(
    "wrong", [replace(MIX, sn=1.2), replace(MIX, cs=0.3), replace(MIX, br=-0.1, i=1.1), replace(MIX, i=float("nan"))]
)
def test_fractions_that_are_none_are_refused(wrong) -> None:
    """A composition that is not one is a mistake of its maker."""
    with pytest.raises(WorldError, match="site"):
        WORLD.make_film(wrong, annealed())


@pytest.mark.parametrize("wrong", [{"speed": 0.0}, {"minutes": -1.0}, {"temperature": -300.0}, {"delay": -1.0}])
def test_steps_that_cannot_be_are_refused(wrong) -> None:
    """No silent default."""
    with pytest.raises(WorldError, match="process"):
        WORLD.make_film(MIX, annealed(**wrong))


@pytest.mark.parametrize("wrong", [{"oxidation": -1.0}, {"tin4": -0.1}, {"tin4": 1.1}])
def test_air_that_cannot_be_is_refused(wrong) -> None:
    """Rates and shares are not negative."""
    with pytest.raises(WorldError, match="oxidation"):
        WORLD.make_film(MIX, annealed(), **wrong)


@pytest.mark.parametrize(("suns", "seconds"), [(-1.0, 1.0), (1.0, -1.0)])
def test_light_that_cannot_be_is_refused(suns, seconds) -> None:
    """Nothing is un-soaked."""
    with pytest.raises(WorldError, match="soak"):
        WORLD.soak_film(WORLD.make_film(MIX, annealed()), suns, seconds)


def test_other_constants_and_seeds_are_other_worlds() -> None:
    """Both change what the same recipe gives."""
    here = WORLD.make_film(MIX, annealed())
    assert World(seed=1).make_film(MIX, annealed()).gap != World(seed=2).make_film(MIX, annealed()).gap
    assert World(replace(SMOOTH, bowing_pb_sn=0.8)).make_film(MIX, annealed()).gap != here.gap
