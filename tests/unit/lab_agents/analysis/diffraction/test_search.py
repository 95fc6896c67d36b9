"""Which phases a pattern needs."""

from lab_agents.analysis.diffraction.composition import fill_sites
from lab_agents.analysis.diffraction.pattern import read_pattern
from lab_agents.analysis.diffraction.search import exchange_phase, search_phases
from lab_agents.benchmarks.foreign_patterns import Film


def test_the_phases_of_the_film_are_found_and_no_other_fits_in_their_place(film: Film, raw: bytes) -> None:
    """Lead iodide and the yellow phase beside the perovskite, though tin phases were possible."""
    filling = fill_sites(film.made)
    assert filling is not None
    pattern = read_pattern(raw)
    found = search_phases(pattern, filling, {}, {})
    assert set(found.refined.layout.phases) == set(film.shares)
    assert {hint.phase for hint in found.absent} == set(found.reflections) - set(film.shares)
    assert exchange_phase(pattern, found, "pbi2", 6.0) == []
