"""What a spectrum says of a film, and what it does not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_agents.analysis.concluded import Concluded, Conclusions
from lab_agents.analysis.errors import AnalysisError, UnusableError
from lab_agents.analysis.optical import conclude_spectrum
from tests.optics import WAVELENGTH, Film, draw_film, evidence, spectrum, transmittance


def raw(film: Film, seed: int = 0) -> bytes:
    """A film's spectrum."""
    return spectrum(transmittance(film, np.random.default_rng(seed)))


def found(conclusions: Conclusions) -> dict[str, Concluded]:
    """Values by property."""
    return {c.property: c for c in conclusions.values}


def test_a_spectrum_gives_a_gap_and_nothing_else() -> None:
    """In eV, by an analysis with a name."""
    conclusions = conclude_spectrum(evidence(raw(Film())))
    assert conclusions.missing == ()
    gap = found(conclusions)["gap"]
    assert gap.value == pytest.approx(1.5, abs=3 * gap.deviation)
    assert (gap.unit, gap.analysis, len(conclusions.values)) == ("eV", "elliott_edge", 1)


def test_a_spectrum_after_a_soak_also_says_what_the_light_did() -> None:
    """Shift and share kept, each with its deviation; the blank is taken off both."""
    film = Film()
    later = replace(film, gap=1.49, strength=0.8)
    blank = spectrum(transmittance(Film(strength=0.0, phase=1.0), np.random.default_rng(9), noise=1e-4) * 0.02 + 0.9)
    values = found(conclude_spectrum(evidence(raw(later, 2), before=raw(film, 1), blank=blank)))
    assert list(values) == ["gap_after", "gap_shift", "kept"]
    for name, truth, unit in (("gap_after", 1.49, "eV"), ("gap_shift", -0.01, "eV"), ("kept", 0.8, "1")):
        assert values[name].value == pytest.approx(truth, abs=3 * values[name].deviation)
        assert values[name].unit == unit


def test_what_cannot_be_read_is_missing_with_its_reason() -> None:
    """Never a number: no film, no film before, a film that bleached."""
    clear, film = raw(Film(strength=0.0)), raw(Film())
    assert [m.property for m in conclude_spectrum(evidence(clear)).missing] == ["gap"]
    before = conclude_spectrum(evidence(film, before=clear))
    assert list(found(before)) == ["gap_after"]
    assert [m.property for m in before.missing] == ["gap_shift", "kept"]
    assert all("no gap before the soak" in m.reason for m in before.missing)
    after = conclude_spectrum(evidence(clear, before=film))
    assert [m.property for m in after.missing] == ["gap_after", "gap_shift"]
    assert found(after)["kept"].value == pytest.approx(0.0, abs=0.1)


def test_a_spoiled_spectrum_before_the_soak_is_refused() -> None:
    """As the one after it would be."""
    with pytest.raises(UnusableError, match="negative"):
        conclude_spectrum(evidence(raw(Film()), before=spectrum(np.full(len(WAVELENGTH), -0.1))))


def test_the_whole_way_from_raw_records_covers_the_truth() -> None:
    """Of 30 films, found without being told where, 90 % intervals of the gap cover 80 % or more."""
    rng = np.random.default_rng(31)
    films = [draw_film(rng) for _ in range(30)]
    covered = [
        abs(gap.value - film.gap) < 1.645 * gap.deviation
        for seed, film in enumerate(films)
        for gap in conclude_spectrum(evidence(raw(film, seed))).values
    ]
    assert len(covered) >= 28
    assert np.mean(covered) >= 0.8


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.0, 1.0))
def test_any_readings_are_concluded_or_refused(seed: int, smooth: float) -> None:
    """No division by zero, no NaN, whatever the spectrum."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=16)
    curve = np.interp(WAVELENGTH, np.linspace(350, 1100, 16), steps) * smooth + (1 - smooth) * rng.normal(size=751)
    try:
        conclusions = conclude_spectrum(evidence(spectrum(1 / (1 + np.exp(-curve)))))
    except AnalysisError:
        return
    assert [c.property for c in conclusions.values] + [m.property for m in conclusions.missing] == ["gap"]
