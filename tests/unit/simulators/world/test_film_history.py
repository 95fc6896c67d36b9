"""What films are, by what was done to them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.records.stock import Stock
from simulators.world.absorber import World
from simulators.world.film_history import FilmHistory
from simulators.world.things import Deed, Film
from tests.simulated_world import START

STOCKS = tuple(
    Stock(name=name, contains=contains, amount=1e4, oxidation=0.01 if "Sn" in contains else 0.0, opened=24.0)
    for name, contains in {
        "csi": {"Cs": 1.2, "I": 1.2},
        "fabr": {"FA": 1.2, "Br": 1.2},
        "pbi2": {"Pb": 1.2, "I": 2.4},
        "sncl2": {"Sn": 1.2, "Cl": 2.4},
    }.items()
)
WORLD = World()


def history() -> FilmHistory:
    """Films of four stocks."""
    return FilmHistory(WORLD, STOCKS, START)


def spun(**changes) -> Deed:
    """A spin of equal volumes of all."""
    details = {"stocks": ["csi", "fabr", "pbi2"], "volumes": [40.0, 60.0, 100.0], "speed": 4000.0, "delay": 18.0}
    return Deed("spin", START.isoformat(), {**details, **changes})


def film(*deeds: Deed) -> Film:
    """A film with these deeds."""
    return Film("f", "line_a", (), "rack_1", deeds=deeds)


def anneal(temperature=110.0, **changes) -> Deed:
    """Ten minutes."""
    return Deed("anneal", START.isoformat(), {"temperature": temperature, "duration": 600.0, **changes})


def light(**changes) -> Deed:
    """Half an hour at one sun."""
    return Deed("illuminate", START.isoformat(), {"suns": 1.0, "duration": 1800.0, **changes})


@given(st.tuples(*[st.floats(0.1, 500.0)] * 4))
def test_a_composition_is_the_share_of_what_was_delivered(volumes) -> None:
    """Property: each site sums to one, and doubling every volume changes nothing."""
    named = dict(zip(("csi", "fabr", "pbi2", "sncl2"), volumes, strict=True))
    made = history().composition(named)
    assert made is not None
    assert made.cs + made.fa + made.ma == pytest.approx(1)
    assert made.i + made.br + made.cl == pytest.approx(1)
    assert made.cs == pytest.approx(volumes[0] / (volumes[0] + volumes[1]))
    assert made.sn == pytest.approx(volumes[3] / (volumes[2] + volumes[3]))
    doubled = history().composition({name: 2 * volume for name, volume in named.items()})
    assert doubled is not None
    assert doubled.br == pytest.approx(made.br)


def test_an_ink_without_one_site_makes_no_perovskite() -> None:
    """No metal: the film is there, and is nothing to speak of."""
    assert history().composition({"csi": 10.0}) is None
    assert history().state(film(spun(stocks=["csi"], volumes=[10.0]), anneal())) is None


def test_standards_are_no_films() -> None:
    """A blank has no state."""
    assert history().state(Film("blank_1", "", (), "rack_1", kind="blank")) is None
    assert history().fresh(Film("blank_1", "", (), "rack_1", kind="blank")) is None


def test_annealing_converts_and_light_takes_away() -> None:
    """Stage by stage."""
    tin = spun(stocks=["csi", "pbi2", "sncl2"], volumes=[100.0, 50.0, 50.0])
    films, whole = history(), film(tin, anneal(), light())
    wet, dry, aged = (films.state(whole, stage) for stage in (1, 2, 3))
    assert wet.phases["solvate"] > 0.5 > dry.phases["solvate"]
    assert aged.absorbance_kept < dry.absorbance_kept == 1.0
    assert films.fresh(whole) == dry
    assert films.state(whole) is aged


def test_tin_oxidizes_in_its_bottle_and_in_wet_air() -> None:
    """By its age when it was spun; lead does not."""
    films = history()
    assert films.oxidized({"sncl2": 10.0}, START + timedelta(days=2)) == pytest.approx(0.03)
    assert films.oxidized({"pbi2": 10.0}, START + timedelta(days=2)) == 0.0
    assert films.oxidized({"sncl2": 10.0}, START + timedelta(days=999)) == 0.5
    tin = spun(stocks=["csi", "pbi2", "sncl2"], volumes=[100.0, 90.0, 10.0])
    dry, wet = (films.state(replace(film(tin, anneal(is_wet=w)), name=str(w))) for w in (0, 1))
    assert wet.phases["a2sni6"] > dry.phases["a2sni6"]


def test_the_hottest_anneal_counts_with_all_the_time() -> None:
    """A second anneal makes another film than the first alone."""
    twice = history().state(film(spun(), anneal(100.0), anneal(120.0)))
    once = FilmHistory(WORLD, STOCKS, START).state(film(spun(), anneal(120.0, duration=1200.0)))
    assert twice == once
