"""Volume fractions and their uncertainty."""

import math

import pytest

from lab_agents.analysis.diffraction.composition import fill_sites
from lab_agents.analysis.diffraction.fractions import phase_fractions
from lab_agents.analysis.diffraction.pattern import read_pattern
from lab_agents.analysis.diffraction.search import search_phases
from lab_agents.benchmarks.foreign_patterns import Film


def test_fractions_sum_to_one_and_lie_near_the_truth(film: Film, raw: bytes) -> None:
    """All possible phases have one; those that are not there have one near zero."""
    filling = fill_sites(film.made)
    assert filling is not None
    fractions = phase_fractions(search_phases(read_pattern(raw), filling, {}, {}))
    assert math.fsum(f.value for f in fractions.values()) == pytest.approx(1.0)
    for name, fraction in fractions.items():
        assert fraction.value == pytest.approx(film.shares.get(name, 0.0), abs=3 * fraction.deviation), name
        assert 0 <= fraction.counting <= fraction.deviation < 0.03
