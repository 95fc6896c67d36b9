"""Whole conclusions from patterns that another program made."""

import dataclasses
import json

import numpy as np
import pytest

from lab_agents.analysis.concluded import Concluded
from lab_agents.analysis.diffraction.conclusions import conclude_pattern, fit_pattern
from lab_agents.analysis.errors import UnreadableError, UnusableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.benchmarks.foreign_patterns import Film, make_pattern, record
from lab_agents.records.sample import AsMade

NOBODY_KNOWS = AsMade(values={}, deviations={})


def conclude(raw: bytes, film: Film, **given: object) -> dict[str, Concluded]:
    made = AsMade(values=film.made, deviations={})
    conclusions = conclude_pattern(Evidence(raw, **({"settings": {}, "made": made} | given)))  # type: ignore[arg-type]
    return {value.property: value for value in conclusions.values}


def test_a_film_of_three_phases_is_concluded_within_the_stated_deviations(film: Film, evidence: Evidence) -> None:
    """Fractions, and the lattice in spite of displacement and zero shift."""
    conclusions = conclude_pattern(evidence)
    values = {value.property: value for value in conclusions.values}
    truth = {"perovskite_fraction": 0.90, "fraction_pbi2": 0.06, "fraction_delta_fa": 0.04, "lattice": film.lattice}
    for name, true in truth.items():
        assert values[name].value == pytest.approx(true, abs=2.5 * values[name].deviation), name
    assert values["perovskite_fraction"].deviation < 0.02
    assert values["lattice"].unit == "Å"
    assert [missing.property for missing in conclusions.missing] == ["crystallite"]


def test_equal_patterns_give_equal_conclusions(evidence: Evidence) -> None:
    """The draws of the uncertainty are seeded."""
    assert conclude_pattern(evidence) == conclude_pattern(evidence)


def test_a_fit_hands_out_arrays_that_add_up(evidence: Evidence) -> None:
    """Background and contributions make the calculated pattern, which follows the counts."""
    fit = fit_pattern(evidence)
    assert fit.calculated == pytest.approx(fit.background + np.sum(list(fit.contributions.values()), axis=0))
    assert set(fit.contributions) == {"perovskite", "pbi2", "delta_fa"}
    assert fit.reduced == pytest.approx(1.0, abs=0.2)
    assert np.corrcoef(fit.counts, fit.calculated)[0, 1] > 0.98


def test_a_film_that_is_all_yellow_has_no_lattice(film: Film) -> None:
    """Cesium lead iodide below its transition: a fraction near zero, and what cannot be known is missing."""
    made = {"cs": 1.0, "fa": 0.0, "ma": 0.0, "pb": 1.0, "sn": 0.0, "i": 1.0, "br": 0.0, "cl": 0.0}
    yellow = dataclasses.replace(film, made=made, shares={"delta_cs": 1.0}, lattice=6.18)
    values = conclude(make_pattern(yellow, np.random.default_rng(3)), yellow)
    assert values["perovskite_fraction"].value < 0.05
    assert values["fraction_delta_cs"].value > 0.9
    assert "lattice" not in values


def test_bare_glass_has_nothing_to_conclude(film: Film) -> None:
    """Everything is missing, with one reason; no invented value."""
    grid = 8 + 0.02 * np.arange(1850)
    background = 100 + 60 * np.exp(-0.5 * ((grid - 23.8) / 2.7) ** 2)
    raw = record(np.random.default_rng(0).poisson(background))
    conclusions = conclude_pattern(Evidence(raw, {}, AsMade(values=film.made, deviations={})))
    assert conclusions.values == ()
    assert {"perovskite_fraction", "lattice", "crystallite"} <= {missing.property for missing in conclusions.missing}
    assert "No line" in conclusions.missing[0].reason


def test_a_pattern_with_hardly_any_light_is_ambiguous(film: Film) -> None:
    """Thirty counts at the strongest line: a longer scan is asked for."""
    raw = make_pattern(dataclasses.replace(film, peak=40.0), np.random.default_rng(0))
    with pytest.raises(UnusableError, match=r"Ambiguous: .* Scan longer"):
        conclude(raw, film)


def test_a_composition_that_nobody_knows_widens_the_search_only(film: Film, raw: bytes) -> None:
    """The lattice is refined from the middle of the design space."""
    values = {v.property: v for v in conclude_pattern(Evidence(raw, {}, NOBODY_KNOWS)).values}
    assert values["lattice"].value == pytest.approx(film.lattice, abs=0.01)


def test_a_reference_phase_that_does_not_parse_stops_the_analysis(film: Film, raw: bytes) -> None:
    """By its name."""
    with pytest.raises(UnreadableError, match="Reference phase sni2"):
        conclude(raw, film, settings={"reference_sni2": "gibberish"})


def test_a_standard_that_is_none_stops_the_analysis(film: Film, raw: bytes) -> None:
    """A broken day's standard is not passed over in silence."""
    with pytest.raises(UnreadableError):
        conclude(raw, film, earlier={"silicon": json.dumps({"counts": []}).encode()})


def test_strong_lines_of_no_known_phase_are_said_and_not_explained_away(film: Film, raw: bytes) -> None:
    """A holder's line of aluminium at 38.5°, three times the film's strongest."""
    grid = 8 + 0.02 * np.arange(1850)
    foreign = 20000 * np.exp(-4 * np.log(2) * ((grid - 38.47) / 0.1) ** 2)
    counts = np.array(json.loads(raw)["counts"]) + np.random.default_rng(0).poisson(foreign)
    with pytest.raises(UnusableError, match=r"No set of known phases .* worst at 38\.[45]"):
        conclude(record(counts), film)
