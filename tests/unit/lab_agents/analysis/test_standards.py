"""Numbers read of blanks and silicon, from records that the simulated instruments make and from spoiled ones."""

import json

import numpy as np
import pytest

from lab_agents.agents.charts import judge_controls
from lab_agents.analysis.errors import UnknownKindError
from lab_agents.analysis.standards import read_numbers
from simulators.signals.diffraction import DiffractionScan, DiffractometerState, silicon_pattern
from simulators.signals.transmission import SpectrometerState, SpectrumScan, spectrum

LINE = ("line_position", "line_strength")


def silicon(seed: int = 0, time_per_step: float = 0.4, **state: float) -> bytes:
    """A silicon pattern of a diffractometer in this state."""
    scan = DiffractionScan(time_per_step=time_per_step)
    found = silicon_pattern(DiffractometerState(**state), scan, np.random.default_rng(seed))
    return json.dumps(found).encode()


def blank(**state: float) -> bytes:
    """A blank's spectrum of a spectrometer in this state."""
    return json.dumps(spectrum(None, SpectrometerState(**state), SpectrumScan(), np.random.default_rng(0))).encode()


def strength(raw: bytes) -> float:
    """Counts per second of the line."""
    value = read_numbers("pattern", raw, LINE)[0]["line_strength"]
    assert value is not None
    return value


def test_a_shifted_zero_moves_the_line_as_far():
    """Silicon has its (111) at 28.44° for copper, and a little higher for both lines together."""
    (here, _), (there, _) = (read_numbers("pattern", silicon(zero=zero), LINE) for zero in (0.0, 0.1))
    assert here["line_position"] == pytest.approx(28.45, abs=0.03)
    assert there["line_position"] - here["line_position"] == pytest.approx(0.1, abs=0.01)


def test_the_strength_is_that_of_the_tube_however_long_was_counted():
    """A tube of half the brightness gives half, and a scan of twice the time the same."""
    whole = strength(silicon(tube=1.0))
    assert strength(silicon(tube=0.5)) == pytest.approx(0.5 * whole, rel=0.03)
    assert strength(silicon(time_per_step=0.8)) == pytest.approx(whole, rel=0.03)


def test_a_lamp_that_drifts_shows_in_the_blank():
    """A baseline of 0.01 absorbance units takes 2.3 % of the light."""
    (here, _), (there, _) = (read_numbers("spectrum", blank(baseline=b), ("transmittance",)) for b in (0.0, 0.01))
    assert there["transmittance"] / here["transmittance"] == pytest.approx(10**-0.01, rel=1e-3)


def test_a_chart_finds_a_dying_tube_and_leaves_an_ageing_one_alone():
    """One that loses a tenth a day is found within four days; one that loses a percent is not within five."""
    for loss, found in ((0.10, True), (0.01, False)):
        seen = [strength(silicon(seed, tube=(1 - loss) ** seed)) for seed in range(5)]
        assert judge_controls(seen[1:], seen[0], 2**0.5 * 3000.0).is_in_control is not found


def test_a_record_that_cannot_be_read_gives_no_number_and_its_reason():
    """A stuck shutter leaves the detector dark."""
    values, reason = read_numbers("pattern", silicon(shutter_open=False), LINE)
    dark = json.dumps({"wavelength": [1.0]}).encode()
    assert read_numbers("spectrum", dark, ("transmittance",))[0] == {"transmittance": None}
    assert values["line_strength"] is None or values["line_strength"] < 1000
    assert reason or values["line_strength"] is not None


def test_a_number_that_this_measurement_does_not_give_is_refused():
    """The error names those that there are."""
    with pytest.raises(UnknownKindError, match="line_position, line_strength"):
        read_numbers("pattern", silicon(), ("transmittance",))
