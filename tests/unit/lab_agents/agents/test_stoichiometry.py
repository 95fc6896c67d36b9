"""Volumes of stock solutions for ABX3, and the composition that volumes make."""

import contextlib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lab_agents.agents.stoichiometry import (
    FRACTIONS,
    Range,
    UnmixableError,
    find_volumes,
    fractions_made,
    without_traces,
)
from lab_agents.records.stock import Stock

ANIONS = {"i": "I", "br": "Br", "cl": "Cl"}


def salts(concentration: float = 1.6) -> tuple[Stock, ...]:
    """One stock of every salt of the A site and of the metals."""
    simple = [
        Stock(name=f"{a}{x}".lower(), contains={a: concentration, ion: concentration}, amount=1e5)
        for a in ("Cs", "FA", "MA")
        for x, ion in ANIONS.items()
    ]
    metals = [
        Stock(name=f"{b}{x}2".lower(), contains={b: concentration, ion: 2 * concentration}, amount=1e5)
        for b in ("Pb", "Sn")
        for x, ion in ANIONS.items()
    ]
    return (*simple, *metals)


def site(*weights: float) -> list[float]:
    """Fractions that sum to one."""
    return [w / sum(weights) for w in weights]


WEIGHTS = st.floats(0.02, 1.0) | st.just(0.0)


@st.composite
def compositions(draw):
    """Site fractions by parameter; rare halides are rare."""
    a, b = draw(st.tuples(WEIGHTS, WEIGHTS, WEIGHTS)), draw(st.tuples(WEIGHTS, WEIGHTS))
    assume(sum(a) > 0 and sum(b) > 0)
    x = site(1.0, draw(st.floats(0.0, 1.0)), draw(st.floats(0.0, 0.1)))
    return dict(zip(FRACTIONS, (*site(*a), *site(*b), *x), strict=True))


@settings(max_examples=60, deadline=None)
@given(asked=compositions(), amount=st.floats(50.0, 500.0))
def test_what_the_volumes_hold_is_what_was_asked(asked, amount):
    """To the 0.01 µL that volumes are rounded to, and for as many formula units as asked."""
    volumes = find_volumes(salts(), asked, amount, Range())
    made = fractions_made(salts(), volumes, {})
    for name in FRACTIONS:
        assert made[name][0] == pytest.approx(asked[name], abs=0.05 / amount)
    metal = sum(volumes.get(f"{b}{x}2", 0.0) for b in ("pb", "sn") for x in ANIONS)
    assert 1.6 * metal == pytest.approx(amount, abs=0.2)
    assert len(volumes) <= 7


@settings(max_examples=60, deadline=None)
@given(asked=compositions(), smallest=st.floats(0.5, 20.0))
def test_no_volume_is_one_that_cannot_be_pipetted(asked, smallest):
    pipette = Range(smallest, 1000.0)
    with contextlib.suppress(UnmixableError):
        check(asked, find_volumes(salts(), asked, 400.0, pipette), smallest)


def check(asked, volumes, smallest):
    """Every volume can be pipetted, and together they are what was asked."""
    assert all(smallest <= v <= 1000.0 for v in volumes.values())
    made = fractions_made(salts(), volumes, {})
    assert all(made[name][0] == pytest.approx(asked[name], abs=1e-3) for name in FRACTIONS)


def test_another_salt_is_taken_where_the_first_would_be_too_small():
    """0.9 % bromide is 3.4 µL of the lead salt, 6.8 µL of the formamidinium salt."""
    asked = {"fa": 1.0, "pb": 1.0, "i": 0.991, "br": 0.009}
    assert find_volumes(salts(), asked, 400.0, Range(1.0)).keys() == {"pbbr2", "fai", "pbi2"}
    assert find_volumes(salts(), asked, 400.0, Range(5.0)).keys() == {"fabr", "fai", "pbi2"}
    with pytest.raises(UnmixableError, match=r"8 and more µL can be pipetted"):
        find_volumes(salts(), asked, 400.0, Range(8.0))


def test_halides_come_with_the_metals_first_and_then_with_the_a_site():
    half = find_volumes(salts(), {"fa": 1.0, "pb": 1.0, "i": 0.5, "br": 0.5}, 400.0, Range(1.0))
    assert set(half) == {"pbbr2", "pbi2", "fai"}
    most = find_volumes(salts(), {"fa": 1.0, "pb": 1.0, "i": 0.2, "br": 0.8}, 400.0, Range(1.0))
    assert most["pbbr2"] == 250.0


def test_what_no_stock_gives_is_refused_by_name():
    iodides = [s for s in salts() if "Cl" not in s.contains]
    with pytest.raises(UnmixableError, match="no stock contains Cl"):
        find_volumes(iodides, {"fa": 1.0, "pb": 1.0, "i": 0.95, "cl": 0.05}, 400.0, Range())
    only_bromide = [s for s in salts() if s.name in ("fabr", "pbi2")]
    with pytest.raises(UnmixableError, match="other proportions"):
        find_volumes(only_bromide, {"fa": 1.0, "pb": 1.0, "i": 1.0}, 400.0, Range())


@pytest.mark.parametrize("asked", [{"fa": 0.9, "pb": 1.0, "i": 1.0}, {"fa": 1.1, "cs": -0.1, "pb": 1.0, "i": 1.0}, {}])
def test_fractions_that_are_no_fractions_are_refused(asked):
    with pytest.raises(UnmixableError, match="must sum to 1"):
        find_volumes(salts(), asked, 400.0, Range())


def test_a_transfer_that_is_too_large_is_refused():
    with pytest.raises(UnmixableError, match="1 to 100 µL"):
        find_volumes(salts(), {"fa": 1.0, "pb": 1.0, "i": 1.0}, 400.0, Range(1.0, 100.0))


@settings(max_examples=40, deadline=None)
@given(asked=compositions(), spread=st.floats(0.01, 1.0))
def test_the_deviations_of_fractions_are_those_that_small_changes_of_the_volumes_make(asked, spread):
    volumes = find_volumes(salts(), asked, 400.0, Range())
    deviations = dict.fromkeys(volumes, spread)
    made = fractions_made(salts(), volumes, deviations)
    for name in FRACTIONS:
        variance = 0.0
        for stock, volume in volumes.items():
            step = 1e-5 * volume + 1e-6
            shifted = fractions_made(salts(), {**volumes, stock: volume + step}, {})
            variance += ((shifted[name][0] - made[name][0]) / step * spread) ** 2
        assert made[name][1] == pytest.approx(variance**0.5, rel=1e-2, abs=1e-6)


def test_a_vial_without_any_ion_of_a_site_has_no_fractions_of_it():
    assert set(fractions_made(salts(), {"csi": 10.0}, {})) == {"cs", "fa", "ma", "i", "br", "cl"}


def test_traces_that_no_transfer_could_give_are_left_out():
    asked = {"cs": 0.001, "fa": 0.999, "ma": 0.0, "pb": 0.2, "sn": 0.8, "i": 0.999, "br": 0.001, "cl": 0.0}
    meant = without_traces(salts(), asked, 400.0, Range(1.0, 1000.0))
    assert meant == pytest.approx({"cs": 0, "fa": 1, "ma": 0, "pb": 0.2, "sn": 0.8, "i": 1, "br": 0, "cl": 0})
    find_volumes(salts(), meant, 400.0, Range(1.0, 1000.0))
    more = {**asked, "cs": 0.01, "fa": 0.99, "br": 0.01, "i": 0.99}
    assert without_traces(salts(), more, 400.0, Range(1.0, 1000.0)) == pytest.approx(more)
