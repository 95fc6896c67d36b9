"""Which edge is the film's, or why there is no gap."""

import numpy as np
import pytest

from lab_agents.analysis.edges import Edge
from lab_agents.analysis.onsets import find_edge
from lab_agents.analysis.spectra import Absorbance, find_absorbance
from tests.optics import MADE, Film, draw_film, evidence, spectrum, transmittance


def absorbance(film: Film, seed: int = 0, over: Film | None = None) -> Absorbance:
    """Of a film, perhaps with another phase over it."""
    readings = transmittance(film, np.random.default_rng(seed))
    if over is not None:
        readings = readings * transmittance(over, np.random.default_rng(seed), noise=0.0, drift=0.0) / 0.85
    return find_absorbance(evidence(b""), spectrum(readings))


@pytest.mark.parametrize("gap", [1.18, 1.25, 1.35, 1.6, 1.9, 2.1])
def test_the_edge_is_found_without_being_told_where(gap: float) -> None:
    """From the rise of the absorbance alone."""
    edge = find_edge(absorbance(Film(gap=gap)), MADE.values)
    assert isinstance(edge, Edge)
    assert edge.gap == pytest.approx(gap, abs=max(0.012, 3 * edge.deviation))


def test_the_lowest_edge_counts_where_lead_iodide_absorbs_too() -> None:
    """Its edge at 2.4 eV stands over that of the perovskite."""
    edge = find_edge(absorbance(Film(gap=1.55), over=Film(gap=2.4, thickness=150)), MADE.values)
    assert isinstance(edge, Edge)
    assert edge.gap == pytest.approx(1.55, abs=0.015)


def test_no_gap_is_read_from_clear_glass_nor_from_a_trace_of_a_film() -> None:
    """Fringes and noise alone are no edge; 3 % of a film is none either."""
    for strength in (0.0, 0.03):
        for seed in range(5):
            reason = find_edge(absorbance(Film(strength=strength), seed), MADE.values)
            assert isinstance(reason, str)
            assert "no edge" in reason or "too small" in reason


@pytest.mark.parametrize("gap", [0.8, 1.0, 1.12])
def test_an_edge_beyond_the_range_is_said_to_be_there(gap: float) -> None:
    """A film that absorbs at 1100 nm already; the spectrometer is blind below 1.15 eV."""
    reason = find_edge(absorbance(Film(gap=gap)), MADE.values)
    assert isinstance(reason, str)
    assert "beyond the range" in reason
    assert "below 1.15 eV" in reason


def test_the_edge_of_a_yellow_phase_is_no_gap_of_an_iodide() -> None:
    """But of a bromide it is, and where the composition is unknown nothing is held against it."""
    yellow = absorbance(Film(gap=2.45, strength=0.6))
    reason = find_edge(yellow, MADE.values)
    assert isinstance(reason, str)
    assert "yellow phase" in reason
    for made in ({"br": 0.95, "cl": 0.0}, {"x": 1.0}):
        assert isinstance(find_edge(yellow, made), Edge)


def test_no_film_is_read_far_from_its_gap() -> None:
    """Of 20 films none is off by 50 meV: a fringe is not taken for an edge."""
    rng = np.random.default_rng(8)
    for seed in range(20):
        film = draw_film(rng)
        edge = find_edge(absorbance(film, seed), MADE.values)
        assert isinstance(edge, str) or abs(edge.gap - film.gap) < 0.05
