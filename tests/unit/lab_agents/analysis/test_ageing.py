"""What a light soak did, from two spectra of one film."""

from dataclasses import replace

import numpy as np
import pytest

from lab_agents.analysis.ageing import Ageing, compare_edges
from lab_agents.analysis.edges import Edge, fit_edge
from lab_agents.analysis.spectra import Absorbance, find_absorbance
from tests.optics import Film, draw_film, evidence, spectrum, transmittance


def age(film: Film, shift: float, kept: float, seed: int, *, is_gone: bool = False) -> Ageing:
    """A film before and after; `is_gone` where no edge was found after."""
    later = replace(film, gap=film.gap + shift, strength=film.strength * kept)
    rngs = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
    noise = 0.001 + 0.002 * (seed % 3) / 2
    raw = [spectrum(transmittance(f, rng, noise)) for f, rng in zip((film, later), rngs, strict=True)]
    before, after = (find_absorbance(evidence(b""), r) for r in raw)
    first, second = (_edge(a, f) for a, f in ((before, film), (after, later)))
    return compare_edges(before, after, first, None if is_gone else second)


def _edge(absorbance: Absorbance, film: Film) -> Edge:
    return fit_edge(absorbance.energy, absorbance.value, absorbance.noise, film.gap, ((0.5, None),))


def test_shift_and_kept_are_covered_by_their_intervals() -> None:
    """Of 50 films that lose up to 30 % and shift by up to 30 meV, 90 % intervals cover 80 % or more."""
    rng = np.random.default_rng(21)
    films = [(draw_film(rng), rng.uniform(-0.03, 0.03), rng.uniform(0.7, 1.0)) for _ in range(50)]
    aged = [age(film, shift, kept, seed) for seed, (film, shift, kept) in enumerate(films)]
    shifts = np.array([(a.shift - s, a.shift_deviation) for a, (_, s, _) in zip(aged, films, strict=True)])
    shares = np.array([(a.kept - k, a.kept_deviation) for a, (_, _, k) in zip(aged, films, strict=True)])
    for errors, deviations in (shifts.T, shares.T):
        assert np.mean(np.abs(errors) < 1.645 * deviations) >= 0.8
    assert float(np.sqrt(np.mean(shifts[:, 0] ** 2))) < 0.003
    assert float(np.sqrt(np.mean(shares[:, 0] ** 2))) < 0.02


def test_a_film_that_did_not_change_is_known_better_than_its_gap() -> None:
    """What the fit does not know of the film is the same twice, and cancels."""
    aged = age(Film(), 0.0, 1.0, 1)
    assert aged.shift == pytest.approx(0.0, abs=0.0025)  # a grating errs by 0.5 meV each time
    assert aged.shift_deviation < 0.002
    assert aged.kept == pytest.approx(1.0, abs=2.5 * aged.kept_deviation)
    assert aged.kept_deviation < 0.01


def test_a_bleached_film_keeps_next_to_nothing() -> None:
    """Its edge is gone, and what is kept is told all the same."""
    aged = age(Film(), 0.0, 0.02, 1, is_gone=True)
    assert aged.kept == pytest.approx(0.02, abs=2.5 * aged.kept_deviation)
    assert aged.kept_deviation < 0.1


def test_drift_between_the_spectra_is_no_loss() -> None:
    """A lamp that drifts by 0.01 in absorbance is seen below the gap."""
    film = Film(thickness=300)
    readings = transmittance(film, np.random.default_rng(1), drift=0.0)
    before, after = (find_absorbance(evidence(b""), spectrum(readings * factor)) for factor in (1.0, 10**-0.01))
    edge: Edge = _edge(before, film)
    aged = compare_edges(before, after, edge, edge)
    assert aged.kept == pytest.approx(1.0, abs=0.01)
