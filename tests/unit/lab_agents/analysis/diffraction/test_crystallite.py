"""Crystallite sizes."""

import dataclasses
import math

import numpy as np
import pytest

from lab_agents.analysis.concluded import Missing
from lab_agents.analysis.diffraction.composition import fill_sites
from lab_agents.analysis.diffraction.crystallite import crystallite_size
from lab_agents.analysis.diffraction.parameters import Expected
from lab_agents.analysis.diffraction.pattern import read_pattern
from lab_agents.analysis.diffraction.refinement import Refined
from lab_agents.analysis.diffraction.search import search_phases
from lab_agents.benchmarks.foreign_patterns import Film, make_pattern

INSTRUMENT = {"width": Expected(math.log(0.0062), 0.3)}


def refined(film: Film, size: float) -> Refined:
    narrow = dataclasses.replace(film, size={"perovskite": size}, strain=0.0)
    filling = fill_sites(film.made)
    assert filling is not None
    return search_phases(read_pattern(make_pattern(narrow, np.random.default_rng(2))), filling, {}, {}).refined


@pytest.mark.parametrize("size", [25.0, 60.0])
def test_sizes_agree_with_the_films_within_their_deviation(film: Film, size: float) -> None:
    """Two deviations: the rule for taking off the instrument's width is half of the uncertainty."""
    answer = crystallite_size(refined(film, size), INSTRUMENT)
    assert not isinstance(answer, Missing)
    value, deviation = answer
    assert value == pytest.approx(size, abs=2 * deviation)
    assert deviation < 0.5 * value


def test_large_crystallites_have_no_size_and_neither_has_a_film_without_standard(film: Film) -> None:
    """Lines as narrow as the instrument's say nothing."""
    fit = refined(film, 3000.0)
    assert isinstance(crystallite_size(fit, INSTRUMENT), Missing)
    assert isinstance(crystallite_size(fit, {}), Missing)
