"""The best film of a world."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.records.target import Constraint
from simulators.world.absorber import World
from simulators.world.optimum import DEMO, FULL_HALIDES, find_optimum, violation
from simulators.world.truth import ABSORBER, utility
from tests.perovskites import SMOOTH

WORLD = World(SMOOTH)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where optima are kept."""
    return tmp_path_factory.mktemp("optima")


@pytest.fixture(scope="module")
def best(folder):
    """The optimum of the world without its field."""
    return find_optimum(WORLD, folder=folder)


def test_the_optimum_is_where_it_was_computed_to_be(best) -> None:
    """17.7 % lead, FA, mostly iodide, near 125 °C for half an hour."""
    assert best.utility == pytest.approx(1 - 0.177, abs=0.001)
    assert best.composition.fa > 0.99
    assert best.composition.i > 0.9
    assert best.process.temperature == pytest.approx(125, abs=3)
    assert best.process.duration / 60 == pytest.approx(29, abs=3)


def test_the_optimum_can_be_made(best) -> None:
    """The film of that recipe is feasible and worth as much; purity and stability both bind."""
    truth = WORLD.truth(WORLD.make_film(best.composition, best.process))
    assert utility(truth, ABSORBER) == pytest.approx(best.utility)
    assert truth.perovskite_fraction == pytest.approx(0.95, abs=1e-3)
    assert truth.kept == pytest.approx(0.90, abs=1e-3)


def test_an_optimum_is_found_once(best, folder) -> None:
    """The second time it is read, and another world has its own."""
    assert find_optimum(WORLD, folder=folder) == best
    assert len(list(folder.iterdir())) == 1


def test_without_anything_feasible_there_is_nothing_to_gain() -> None:
    """A gap that no perovskite has."""
    target = ABSORBER.model_copy(update={"constraints": (Constraint(property="gap", lower=9.0),)})
    assert find_optimum(WORLD, target=target).utility == 0.0


@given(st.lists(st.floats(0, 1), min_size=9, max_size=9))
def test_searches_stay_in_their_space(units) -> None:
    """Property: sites sum to one and every limit holds."""
    for space in (DEMO, FULL_HALIDES):
        sites, processes = space.decode(np.array([units]))
        for fractions in (sites.a, sites.b, sites.x):
            assert fractions.min() >= -1e-12
            assert fractions.sum() == pytest.approx(1.0)
        assert sites.br[0] <= space.bromide
        assert sites.cl[0] <= space.chloride
        assert 70 <= processes.temperature[0] <= 150
        assert 180 <= processes.duration[0] <= 2700


def test_violations_are_counted_in_widths() -> None:
    """None inside; half a width outside is a half; what has no gap is far outside."""
    constraints = (Constraint(property="gap", lower=1.33, upper=1.37),)
    fractions = np.ones(3)
    found = violation({"gap": np.array([1.35, 1.39, np.nan]), "perovskite_fraction": fractions}, constraints)
    assert found[0] == 0.0
    assert found[1] == pytest.approx(0.5)
    assert found[2] > 100


def test_the_field_moves_gaps_and_not_what_can_be_reached() -> None:
    """Halides make up for the field: the least lead of another world is the same within a percent."""
    other = World(replace(SMOOTH, field_deviation=0.015), seed=3)
    assert find_optimum(other).utility == pytest.approx(0.8226, abs=0.01)
