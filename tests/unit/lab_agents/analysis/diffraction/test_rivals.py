"""Other sets of phases that would explain a pattern as well."""

import dataclasses

import pytest

from lab_agents.analysis.diffraction import rivals
from lab_agents.analysis.diffraction.composition import fill_sites
from lab_agents.analysis.diffraction.pattern import read_pattern
from lab_agents.analysis.diffraction.rivals import check_rivals
from lab_agents.analysis.diffraction.search import search_phases
from lab_agents.analysis.errors import UnusableError
from lab_agents.benchmarks.foreign_patterns import Film


def test_a_clear_pattern_has_no_rival_and_one_whose_phases_have_equals_is_ambiguous(
    film: Film, raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where any other set would do (limits moved to let it), the error names both sets and asks for a longer scan."""
    filling = fill_sites(film.made)
    assert filling is not None
    pattern = read_pattern(raw)
    found = search_phases(pattern, filling, {}, {})
    check_rivals(pattern, found)
    equal = dataclasses.replace(found, refined=dataclasses.replace(found.refined, chi2=1e6))
    monkeypatch.setattr(rivals, "SURE", 1e9)
    monkeypatch.setattr(rivals, "APART", 0.001)
    with pytest.raises(UnusableError, match=r"Ambiguous: perovskite \+ .* fit equally .* Scan longer"):
        check_rivals(pattern, equal)
