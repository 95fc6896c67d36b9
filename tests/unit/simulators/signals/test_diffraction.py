"""The diffractometer."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.signals.diffraction import (
    DiffractionScan,
    DiffractometerState,
    pattern,
    shown_at,
    silicon_pattern,
)
from simulators.signals.film_lines import film_attenuation
from simulators.world.film_state import PHASES
from tests.films import CSPBI3, FAPBI3, MAPBI3, film

SCAN = DiffractionScan(time_per_step=1.0)
GOOD = DiffractometerState()


def _counts(record) -> np.ndarray:
    return np.array(record["counts"])


def _taken(made, state=GOOD, scan=SCAN, seed=1) -> np.ndarray:
    return _counts(pattern(made, state, scan, np.random.default_rng(seed)))


def _net(counts, angle, reach=0.4) -> float:
    """Counts of a line above the mean of its two feet."""
    inside = np.abs(SCAN.angles - angle) < reach
    feet = (np.abs(SCAN.angles - angle) < 2 * reach) & ~inside
    return float(counts[inside].sum() - counts[feet].mean() * inside.sum())


def _place(counts, angle) -> float:
    inside = np.flatnonzero(np.abs(SCAN.angles - angle) < 0.3)
    weight = np.maximum(counts[inside] - 0.4 * counts[inside].max(), 0)
    return float((SCAN.angles[inside] * weight).sum() / weight.sum())


def test_a_good_film_gives_thousands_of_counts() -> None:
    """1,000 to 10,000 at (100) in one second, on a background of 50 to 300."""
    counts = _taken(film())
    assert SCAN.angles[counts.argmax()] == pytest.approx(13.91, abs=0.03)
    assert 1000 < counts.max() < 10000
    assert 40 < np.median(counts) < 300


def test_the_record_says_how_it_was_taken() -> None:
    """All that analysis needs, in plain numbers."""
    record = pattern(film(), GOOD, SCAN, np.random.default_rng(1))
    assert set(record) == {"start", "step", "counts", "time_per_step", "wavelengths", "ratio", "radius"}
    assert len(_counts(record)) == 1851
    assert record["wavelengths"] == [1.540593, 1.544414]
    assert all(isinstance(count, int) for count in record["counts"])


def test_equal_seeds_give_equal_patterns() -> None:
    """And another seed gives others."""
    assert (_taken(film(), seed=5) == _taken(film(), seed=5)).all()
    assert (_taken(film(), seed=5) != _taken(film(), seed=6)).any()


def test_a_thin_film_shows_half_of_the_bulk() -> None:
    """500 nm give 52 to 73 % at 14° and 31 to 48 % at 28°."""
    for composition, lattice in ((FAPBI3, 6.361), (MAPBI3, 6.28), (CSPBI3, 6.29)):
        path = film_attenuation(film(composition, lattice)) * 500e-7
        assert 0.52 < 1 - np.exp(-2 * path / np.sin(np.radians(7))) < 0.73
        assert 0.31 < 1 - np.exp(-2 * path / np.sin(np.radians(14))) < 0.48
    thin, thick = (_net(_taken(film(thickness=value)), 13.91) for value in (500.0, 1e5))
    assert thin / thick == pytest.approx(0.56, abs=0.03)


def test_a_lifted_sample_shows_its_lines_lower() -> None:
    """50 µm at a radius of 240 mm are -0.024° at small angles; a tilted sample is lifted too."""
    theta = np.array([np.radians(7.0)])
    assert shown_at(theta, DiffractometerState(displacement=0.05))[0] - 14.0 == pytest.approx(-0.0237, abs=2e-4)
    assert shown_at(theta, DiffractometerState(zero=0.01))[0] == pytest.approx(14.01)
    assert shown_at(theta, DiffractometerState(tilt=1.0))[0] < 13.95


@given(st.floats(-0.05, 0.05))
@settings(max_examples=10, deadline=None)
def test_the_zero_shifts_the_whole_pattern(zero) -> None:
    """Property: what is counted moves by as much."""
    moved = _place(_taken(film(), DiffractometerState(zero=zero)), 13.91) - _place(_taken(film()), 13.91)
    assert moved == pytest.approx(zero, abs=0.004)


@given(st.floats(0.0, 1.0))
@settings(max_examples=10, deadline=None)
def test_mixed_cells_lie_between_their_ends(share) -> None:
    """Property: (100) of a Vegard mix within 0.02° of the line between FAPbI3 and CsPbI3."""
    ends = [_place(_taken(film(FAPBI3, lattice)), angle) for lattice, angle in ((6.361, 13.91), (6.18, 14.32))]
    mixed = replace(FAPBI3, fa=1 - share, cs=share)
    expected = (1 - share) * ends[0] + share * ends[1]
    found = _place(_taken(film(mixed, (1 - share) * 6.361 + share * 6.18)), expected)
    assert found == pytest.approx(expected, abs=0.02)


def test_lead_iodide_lies_at_its_place() -> None:
    """12.67°, and grows with its share."""
    little = _taken(film(phases={"perovskite": 0.97, "pbi2": 0.03}))
    more = _taken(film(phases={"perovskite": 0.9, "pbi2": 0.1}))
    assert _place(more, 12.67) == pytest.approx(12.67, abs=0.02)
    assert 2.5 < _net(more, 12.67) / _net(little, 12.67) < 4.0


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_shows_above_two_percent_on_a_long_scan(phase) -> None:
    """Five percent of it change the pattern by more than chance does."""
    scan = DiffractionScan(time_per_step=4.0)
    shares = {"perovskite": 1.0} if phase == "perovskite" else {"perovskite": 0.95, phase: 0.05}
    base = _taken(None if phase == "perovskite" else film(), scan=scan).astype(float)
    changed = _taken(film(phases=shares), scan=scan, seed=2)
    chi = (changed - base) ** 2 / (changed + base)
    assert chi.mean() > 1.1


def test_blank_glass_has_a_hump_and_no_lines() -> None:
    """Highest at the low end, a hump at 22 to 25°."""
    counts = np.mean([_taken(None, seed=seed) for seed in range(40)], axis=0)
    angles = SCAN.angles
    assert counts[0] > counts[-1]
    beside = counts[np.abs(angles - 16) < 0.2].mean()
    assert counts[np.abs(angles - 23.5) < 0.2].mean() > beside
    assert np.abs(np.diff(counts)).max() < 20


def test_silicon_marks_the_angle() -> None:
    """(111) at 28.44°, with more counts than any film."""
    counts = _counts(silicon_pattern(GOOD, SCAN, np.random.default_rng(1)))
    assert _place(counts, 28.44) == pytest.approx(28.45, abs=0.02)
    assert counts.max() > 5000


def test_a_dying_tube_dims_everything() -> None:
    """Half the tube, half the counts."""
    assert _taken(film(), DiffractometerState(tube=0.5)).sum() == pytest.approx(_taken(film()).sum() / 2, rel=0.03)


def test_a_stuck_shutter_leaves_the_dark() -> None:
    """No line, a count or two per second."""
    counts = _taken(film(), DiffractometerState(shutter_open=False))
    assert counts.max() < 12
    assert counts.mean() == pytest.approx(1.5, abs=0.15)


def test_a_tilted_sample_loses_counts() -> None:
    """And shows its line lower."""
    tilted = _taken(film(), DiffractometerState(tilt=1.5))
    assert tilted.max() < 0.75 * _taken(film()).max()
    assert _place(tilted, 13.85) < 13.85


def test_a_saturated_detector_cuts_its_lines_off() -> None:
    """No reading above the limit; several at it."""
    counts = _taken(film(), DiffractometerState(saturation=1500.0))
    assert counts.max() == 1500
    assert (counts > 1400).sum() > 3
