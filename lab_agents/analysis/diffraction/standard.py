"""The day's silicon standard: what the instrument itself adds to positions and widths."""

import math

import numpy as np

from lab_agents.analysis.diffraction.composition import UNKNOWN
from lab_agents.analysis.diffraction.model import Model
from lab_agents.analysis.diffraction.parameters import Expected, Layout
from lab_agents.analysis.diffraction.pattern import read_pattern
from lab_agents.analysis.diffraction.refinement import Refined, refine
from lab_agents.analysis.diffraction.reflections import find_reflections
from lab_agents.analysis.diffraction.structures import SILICON
from lab_agents.analysis.errors import UnusableError

WORTH = 100.0
"""Least ratio of the amount to its deviation: a standard with less is no standard."""


def read_standard(raw: bytes) -> dict[str, Expected]:
    """Expectations of `zero` and `width` from a pattern of silicon powder.

    The standard's own height is uncertain too, hence the zero's deviation, to which it contributes in full.

    Args:
        raw: A `PatternRecord` as JSON; five degrees around one line suffice.

    Raises:
        UnreadableError: If it is no pattern.
        UnusableError: If no silicon shows in it.
    """
    pattern = read_pattern(raw, shortest=4.0)
    layout = Layout((SILICON,), {"zero": Expected(0.0, 0.1), "shift": Expected(0.0, 0.03)})
    model = Model(pattern, {SILICON: find_reflections(SILICON, UNKNOWN)}, layout)
    start = layout.start.copy()
    start[layout.index[f"{SILICON}.amount"]] = float(np.sum(pattern.counts - np.median(pattern.counts))) * pattern.step
    start[layout.index["background.0"]] = float(np.median(pattern.counts))
    refined = refine(model, start)
    amount = refined.value(f"{SILICON}.amount")
    if amount < WORTH * refined.deviation(f"{SILICON}.amount"):
        raise UnusableError(
            f"The standard's pattern shows {amount:.3g} counts·° of silicon, no more than noise. Is it on the stage?"
        )
    return {
        "zero": Expected(refined.value("zero"), refined.deviation("zero"), 0.05),
        "width": Expected(math.log(_line_width(refined) ** 2), 0.3, 0.5),
    }


def _line_width(refined: Refined) -> float:
    """Full width of the (111) line, degrees: the instrument's, because the standard's crystallites are large."""
    return refined.model.line_width(SILICON, refined.vector)
