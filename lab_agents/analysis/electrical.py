"""Four-point probe: currents and voltages to the sheet resistance of a film, or why there is none.

[Smits1958] Smits, Bell Syst. Tech. J. 37, 711 (1958): four points in line on a sheet, infinite or square.
"""

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lab_agents.analysis.concluded import Concluded, Conclusions, Missing
from lab_agents.analysis.errors import UnusableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.analysis.reading import find_setting, read_record
from lab_agents.records.base import Record

NAME = "four_point_probe"
PROPERTY = "sheet_resistance"

INFINITE = math.pi / math.log(2)
"""Sheet resistance per V/I of four equidistant points on an infinite sheet, 4.5324 [Smits1958]."""

PLACING = 0.01
"""Relative standard deviation from where the tips touch down: assumption, 1 % as probes state their repeatability."""

CLIPPED = 0.98
"""Share of the compliance voltage from which a source no longer drives the current it says."""

FEWEST = 4
"""Points of a line: with fewer, the scatter is not known."""

SCATTER = 0.10
"""Residuals in shares of the voltages' root mean square, above which the tips do not touch: contacts in order scatter
by 1 %; a tip that lifts scatters by as much as it reads."""

UNKNOWN_SIZE = (0.955, 0.015)
"""Correction and its deviation where the film's side is not declared: films 10 to 20 spacings wide have 0.931 to
0.982 [Smits1958]."""

_IMAGES = 12
"""Rows of images on each side: they fall off as exp(-pi k), so that the sum is exact to rounding."""

Array = NDArray[np.float64]


class ProbeRecord(Record):
    """The probe's raw record: `current` in A, `voltage` in V, `spacing` of the tips in mm, `compliance` in V."""

    current: tuple[float, ...]
    voltage: tuple[float, ...]
    spacing: float = Field(gt=0)
    compliance: float = Field(gt=0)

    @model_validator(mode="after")
    def _check_points(self) -> "ProbeRecord":
        if len(self.current) != len(self.voltage):
            raise ValueError(f"{len(self.current)} currents, but {len(self.voltage)} voltages")
        if len(set(self.current)) < FEWEST:
            raise ValueError(f"{len(set(self.current))} different currents; a line takes {FEWEST}")
        return self


def conclude_sheet(evidence: Evidence) -> Conclusions:
    """The `sheet_resistance` in ohm/sq: 4.5324 dV/dI times the correction for the film's finite size.

    dV/dI is the slope of a straight line with an offset (thermal voltages). Points at the compliance voltage are left
    out; where fewer than four are left, the sheet is over range.

    Args:
        evidence: Its `raw` is a `ProbeRecord` as JSON. Its settings may declare `side` in mm, of the square film.

    Raises:
        UnreadableError: If `raw` is no such record.
        UnusableError: If the tips do not touch: the points do not lie on a rising line.
    """
    record = read_record(ProbeRecord, evidence.raw, "probe record")
    current, voltage = np.array(record.current), np.array(record.voltage)
    driven = np.abs(voltage) < CLIPPED * record.compliance
    if len(set(current[driven].tolist())) < FEWEST:
        lowest = INFINITE * record.compliance / float(np.min(np.abs(current[~driven & (current != 0)]), initial=np.inf))
        reason = (
            f"over range: {int(np.sum(~driven))} of {len(current)} points reach the compliance of "
            f"{record.compliance:g} V, so that the sheet has more than about {lowest:.2g} ohm/sq"
        )
        return Conclusions(missing=(Missing(PROPERTY, reason),))
    slope, deviation = _fit_line(current[driven], voltage[driven])
    side = find_setting(evidence, "side")
    factor, doubt = UNKNOWN_SIZE if side is None else (square_correction(side / record.spacing), 0.0)
    value = INFINITE * factor * slope
    relative = math.hypot(deviation / slope, doubt / factor, PLACING)
    return Conclusions((Concluded(PROPERTY, value, value * relative, "ohm/sq", NAME),))


def square_correction(width: float) -> float:
    """Sheet resistance of a square over that of an infinite sheet with the same V/I, tips in line in its middle.

    The film's edges are insulating, so that every current tip has mirror images: a lattice of period twice the side.
    One direction of the lattice is summed in closed form (a row of sources at y = 0, P, 2P, ... has the potential
    -ln(2 cosh(2 pi x / P) - 2 cos(2 pi y / P)) / 2), the other converges as exp(-pi k) [Smits1958 has the table].

    Args:
        width: Side over spacing of the tips, > 3.

    Returns:
        0 to 1; 0.931 for a width of 10, 1 for an infinite sheet.

    Raises:
        UnusableError: If the tips do not stand on the film.
    """
    if width <= 3:
        raise UnusableError(f"The film is {width:.3g} spacings wide, but the tips span 3. Correct side or spacing.")
    period = 2 * width
    images = period * np.arange(-_IMAGES, _IMAGES + 1)

    def potential(at: float, source: float) -> float:
        total = 0.0
        for image_x in (source, width - source):  # the mirror image in an edge at x = width / 2
            for image_y in (0.0, width):
                x, y = at - image_x - images, image_y
                argument = 2 * np.cosh(2 * np.pi * x / period) - 2 * math.cos(2 * math.pi * y / period)
                total -= float(np.sum(np.log(argument) - 2 * np.pi * np.abs(images) / period)) / 2
        return total

    def pair(at: float) -> float:
        return potential(at, -1.5) - potential(at, 1.5)

    return 2 * math.log(2) / (pair(-0.5) - pair(0.5))


def _fit_line(current: Array, voltage: Array) -> tuple[float, float]:
    """Slope in ohm and its standard deviation, which the residuals give."""
    design = np.stack([np.ones_like(current), current / np.max(np.abs(current))], axis=1)
    coefficients = np.linalg.lstsq(design, voltage, rcond=None)[0]
    residuals = voltage - design @ coefficients
    size = float(np.sqrt(np.mean((voltage - coefficients[0]) ** 2)))
    scatter = float(np.sqrt(residuals @ residuals / max(len(current) - 2, 1)))
    if coefficients[1] <= 0 or scatter > SCATTER * size:
        share = scatter / size if size else math.inf
        raise UnusableError(
            f"The {len(current)} points scatter by {share:.0%} about a line of {coefficients[1]:.3g} V at full "
            "current; that is no ohmic contact. Lower the tips again, on another spot."
        )
    deviation = scatter * math.sqrt(float(np.linalg.inv(design.T @ design)[1, 1]))
    return float(coefficients[1] / np.max(np.abs(current))), float(deviation / np.max(np.abs(current)))
