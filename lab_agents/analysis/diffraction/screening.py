"""Looking for phases: where the perovskite's lattice lies to start from, and what the residuals of a fit resemble."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import nnls

from lab_agents.analysis.diffraction.model import Model
from lab_agents.analysis.diffraction.parameters import BACKGROUND, Layout
from lab_agents.analysis.diffraction.pattern import Array, Pattern
from lab_agents.analysis.diffraction.refinement import Refined
from lab_agents.analysis.diffraction.reflections import Reflections
from lab_agents.analysis.diffraction.structures import FORMS, PEROVSKITE

SPAN = 0.045
"""Relative range of the perovskite's lattice around the expected one that is searched."""

STRIDE = 0.0025
"""Step of relative lattice sizes: moves a line at 30° by 0.08°, less than the width of the templates."""

BLUR = 0.014
"""Squared Gaussian width (deg²) of templates: wider than lines are, so that a stride cannot step over one."""


@dataclass(frozen=True)
class Hint:
    """A phase that the residuals resemble.

    Attributes:
        phase: Its name.
        strain: Relative size of its cell that fits best.
        amount: Sum of its lines' areas, may be negative.
        deviation: Its standard deviation.
        volume: Per unit of amount.
    """

    phase: str
    strain: float
    amount: float
    deviation: float
    volume: float

    @property
    def gain(self) -> float:
        """Fall of χ² that it promises; 0 for a negative amount."""
        return max(0.0, self.amount / self.deviation) ** 2


def find_lattice(pattern: Pattern, reflections: dict[str, Reflections]) -> Array:
    """A start for a fit of the perovskite alone, its lattice where line templates of all phases fit best.

    Args:
        pattern: The pattern.
        reflections: Of the perovskite and of every phase that may stand beside it.
    """
    layout = Layout(tuple(reflections), {})
    model = Model(pattern, reflections, layout)
    vector = _blurred(layout, layout.start)
    weight = 1 / np.sqrt(np.maximum(np.convolve(pattern.counts, np.ones(7) / 7, "same"), 1))
    weight = weight / (1 + 0.1 / weight)  # a tenth of the counts: templates do not resemble lines better than that
    first = layout.index["background.0"]
    basis = model.derive(vector)[1][:, first : first + BACKGROUND]
    others = [model.phase(p, vector).pattern for p in reflections if p != PEROVSKITE]
    best, start = np.inf, layout.start
    for strain in np.arange(-SPAN, SPAN + STRIDE / 2, STRIDE):
        vector[layout.index[f"{PEROVSKITE}.strain"]] = strain
        columns = np.column_stack([model.phase(PEROVSKITE, vector).pattern, *others, basis, -basis])
        amounts, misfit = nnls(columns * weight[:, None], pattern.counts * weight, maxiter=1000)
        if misfit < best:
            best, start = misfit, _started(layout, strain, amounts, len(others))
    alone = Layout((PEROVSKITE,), {})
    return alone.carry(start, layout)


def _started(layout: Layout, strain: float, amounts: Array, n_others: int) -> Array:
    start = layout.start.copy()
    start[layout.index[f"{PEROVSKITE}.strain"]] = strain
    start[layout.index[f"{PEROVSKITE}.amount"]] = amounts[0]
    plus, minus = np.split(amounts[1 + n_others :], 2)
    first = layout.index["background.0"]
    start[first : first + BACKGROUND] = plus - minus
    return start


def _blurred(layout: Layout, vector: Array) -> Array:
    blurred = vector.copy()
    blurred[layout.index["width"]] = np.log(BLUR)
    return blurred


def hint_phases(refined: Refined, reflections: dict[str, Reflections], phases: Iterable[str]) -> list[Hint]:
    """The best hint of each phase in the residuals of a fit that lacks it, the strongest first.

    A template may be partly explained by parameters of the fit (background, widths): only what remains of it counts.
    """
    model, layout = refined.model, refined.layout
    residual = model.pattern.counts - refined.calculated
    curvature = (refined.jacobian.T * refined.weight) @ refined.jacobian + np.diag(layout.weight)
    solved = cho_solve(cho_factor(curvature), (refined.jacobian * refined.weight[:, None]).T)
    noise = max(1.0, refined.reduced)
    hints = []
    for phase in phases:
        wide = Layout((*layout.phases, phase), {})
        tried = Model(model.pattern, {**model.reflections, phase: reflections[phase]}, wide)
        vector = wide.carry(refined.vector, layout)
        found = []
        for strain in _strains(phase):
            vector[wide.index[f"{phase}.strain"]] = strain
            drawn = tried.phase(phase, vector)
            if drawn.volume == 0:
                continue
            apart = drawn.pattern - refined.jacobian @ (solved @ drawn.pattern)
            information = float(drawn.pattern @ (refined.weight * apart)) / noise
            amount = float(residual @ (refined.weight * drawn.pattern)) / noise / information
            found.append(Hint(phase, float(strain), amount, information**-0.5, drawn.volume))
        if found:
            hints.append(max(found, key=lambda h: h.amount / h.deviation))
    return sorted(hints, key=lambda h: -h.gain)


def _strains(phase: str) -> Array:
    reach = 2.5 * FORMS[phase].slack
    n = int(reach / STRIDE)
    return STRIDE * np.arange(-n, n + 1, dtype=np.float64)
