"""The day's silicon standard, drawn here by its line's formula alone."""

import json

import numpy as np
import pytest

from lab_agents.analysis.diffraction.standard import read_standard
from lab_agents.analysis.errors import UnreadableError, UnusableError

GRID = 25 + 0.02 * np.arange(400)


def standard(zero: float = 0.0, width: float = 0.09, peak: float = 5000.0, points: int = 400) -> bytes:
    """Silicon's (111) at 28.44°, Gaussian, both wavelengths."""
    expected = np.full(len(GRID), 80.0)
    for wavelength, share in ((1.540593, 1.0), (1.544414, 0.5)):
        position = 2 * np.degrees(np.arcsin(wavelength / 2 / (5.43102 / np.sqrt(3)))) + zero
        expected += peak * share * np.exp(-4 * np.log(2) * ((GRID - position) / width) ** 2)
    counts = np.random.default_rng(0).poisson(expected)[:points].tolist()
    fields = {"start": 25.0, "step": 0.02, "time_per_step": 1.0, "ratio": 0.5, "radius": 240.0, "counts": counts}
    return json.dumps(fields | {"wavelengths": [1.540593, 1.544414]}).encode()


@pytest.mark.parametrize("zero", [-0.02, 0.0, 0.03])
@pytest.mark.parametrize("width", [0.07, 0.1])
def test_the_standard_gives_zero_shift_and_line_width(zero: float, width: float) -> None:
    """The zero to the uncertainty of the standard's own height, the width to a few per cent."""
    known = read_standard(standard(zero, width))
    assert known["zero"].value == pytest.approx(zero, abs=0.004)
    assert 0.005 < known["zero"].deviation < 0.02
    assert np.exp(known["width"].value / 2) == pytest.approx(width, rel=0.05)


def test_a_standard_without_silicon_is_refused() -> None:
    """Nothing on the stage."""
    with pytest.raises(UnusableError, match="silicon"):
        read_standard(standard(peak=0.0))


def test_a_standard_that_is_too_short_is_refused() -> None:
    """Three degrees."""
    with pytest.raises(UnreadableError, match="Scan farther"):
        read_standard(standard(points=150))
