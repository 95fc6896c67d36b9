"""Crystallite size by Scherrer's equation, from the width of the perovskite's first line."""

import math

import numpy as np

from lab_agents.analysis.concluded import Missing
from lab_agents.analysis.diffraction.parameters import Expected
from lab_agents.analysis.diffraction.refinement import Refined
from lab_agents.analysis.diffraction.structures import PEROVSKITE

SCHERRER = 0.9
"""Shape factor for full widths at half maximum (Patterson, Phys. Rev. 56, 978, 1939)."""

RESOLVED = 1.04
"""Least ratio of the film's line width to the instrument's; below, two per cent of error in either decide."""


def crystallite_size(refined: Refined, standard: dict[str, Expected]) -> tuple[float, float] | Missing:
    """Size and deviation in nm, or why there is none.

    The instrument's width is taken off by the geometric mean of the linear and the quadratic rule, between which the
    shape of the lines leaves it open (Klug and Alexander, X-Ray Diffraction Procedures); half their distance is part of
    the deviation.

    Args:
        refined: A fit in which the perovskite shows.
        standard: What the day's standard said of the instrument.
    """
    if "width" not in standard:
        return Missing("crystallite", "The instrument's own line width is unknown: there is no silicon standard.")
    instrument = math.exp(standard["width"].value / 2)
    width = refined.model.line_width(PEROVSKITE, refined.vector)
    if width < RESOLVED * instrument:
        return Missing(
            "crystallite",
            f"Lines of {width:.3f}° are no wider than the instrument's {instrument:.3f}°: crystallites are too large.",
        )
    linear, quadratic = width - instrument, math.sqrt(width**2 - instrument**2)
    broadening = math.sqrt(linear * quadratic)
    wavelength, theta = refined.model.first_line(PEROVSKITE, refined.vector)
    size = SCHERRER * wavelength / (10 * np.radians(broadening) * math.cos(theta))
    relative = math.hypot(math.log(quadratic / linear) / 4, 0.03 * width / linear / 2)
    return float(size), float(size * relative)
