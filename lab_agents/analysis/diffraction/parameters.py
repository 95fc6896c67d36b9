"""The parameters of a full-pattern fit: by name in one vector, each with what is expected of it beforehand.

Expectations are normal; sizes that must be positive are fitted as logarithms. Those without a source are assumptions:
wide enough that a pattern decides wherever it can.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab_agents.analysis.diffraction.pattern import Array
from lab_agents.analysis.diffraction.structures import FORMS, PEROVSKITE

BACKGROUND = 11
"""Linear terms of the background."""

FREE = 1e9
"""Deviation of a parameter of which nothing is known."""


@dataclass(frozen=True)
class Expected:
    """What is expected of a parameter before the pattern is seen, a trial's largest step, and the range it keeps."""

    value: float
    deviation: float
    step: float = math.inf
    lower: float = -math.inf
    upper: float = math.inf


GLOBAL: Mapping[str, Expected] = {
    "zero": Expected(0.0, 0.03, 0.05),  # degrees
    "shift": Expected(0.0, 0.06, 0.1),  # the sample's height above the axis, mm; a mounting repeats to some 0.03
    "width": Expected(math.log(0.006), 0.8, 0.5),  # Caglioti's W, deg²
    "v": Expected(0.0, 0.005, 0.01),
    "u": Expected(0.0, 0.01, 0.02),
    "depth": Expected(math.log(0.05), 0.6, 0.5),  # absorption coefficient times thickness of the film
    "thermal": Expected(1.0, 1.0, 1.0),  # one B for all atoms, angstrom²
}


class Layout:
    """Where each parameter of a fit with these phases stands in its vector."""

    def __init__(self, phases: Sequence[str], known: Mapping[str, Expected]) -> None:
        self.phases = tuple(phases)
        expected = dict(GLOBAL) | {f"background.{n}": Expected(0.0, FREE) for n in range(BACKGROUND)}
        for phase in phases:
            expected |= _of_phase(phase)
        expected |= {name: value for name, value in known.items() if name in expected}
        self.names = tuple(expected)
        self.expected = expected
        self.index = {name: n for n, name in enumerate(self.names)}
        self.start = np.array([e.value for e in expected.values()])
        self.weight = np.array([e.deviation**-2 for e in expected.values()])
        self.step = np.array([e.step for e in expected.values()])
        self.lower = np.array([e.lower for e in expected.values()])
        self.upper = np.array([e.upper for e in expected.values()])

    def carry(self, vector: Array, source: "Layout") -> Array:
        """The start, with values of `vector` for every name that its layout `source` shares."""
        carried = self.start.copy()
        for name, n in self.index.items():
            if name in source.index:
                carried[n] = vector[source.index[name]]
        return carried


def _of_phase(phase: str) -> dict[str, Expected]:
    form = FORMS[phase]
    expected = {
        f"{phase}.amount": Expected(0.0, FREE),
        f"{phase}.lorentzian": Expected(0.5, 0.2, 0.2, 0.0, 1.0),
        f"{phase}.strain": Expected(0.0, form.slack, 0.002, -3.5 * form.slack, 3.5 * form.slack),
        # Crystallites of 8 nm have lines a degree wide: broader ones are background.
        f"{phase}.size": Expected(math.log(0.1), 0.7, 0.5, math.log(0.01), math.log(1.0)),
    }
    if form.axis is not None:
        march, deviation = form.texture
        expected[f"{phase}.texture"] = Expected(math.log(march), deviation, 0.3, math.log(0.2), math.log(2.0))
    if phase == PEROVSKITE:
        expected[f"{phase}.micro"] = Expected(math.log(0.05), 1.0, 0.5)
    return expected
