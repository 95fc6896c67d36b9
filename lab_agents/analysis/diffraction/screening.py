"""Looking for phases: where the perovskite's lattice lies to start from, and what the residuals of a fit resemble."""

import math
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
        share: Of the evidence that this size gives, how much is left when all sizes that the phase may have are
            averaged, below 1. Among thirty sizes one fits noise by two deviations or more.
    """

    phase: str
    strain: float
    amount: float
    deviation: float
    volume: float
    share: float = 1.0

    @property
    def gain(self) -> float:
        """Fall of χ² that it promises; 0 for a negative amount."""
        return max(0.0, self.amount / self.deviation) ** 2

    @property
    def worth(self) -> float:
        """The gain less what is owed to the choice of the best of many sizes."""
        return self.gain + 2 * math.log(self.share)


@dataclass(frozen=True)
class Templates:
    """A phase's pattern per unit of amount at several sizes of its cell.

    Attributes:
        strain: Relative sizes, shape (sizes,).
        volume: Per unit of amount, shape (sizes,).
        pattern: Shape (sizes, n).
    """

    strain: Array
    volume: Array
    pattern: Array


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
    smooth = np.linalg.qr(basis * weight[:, None])[0]  # may be of either sign, so that what it explains is taken off

    def apart(columns: Array) -> Array:
        weighted = (columns.T * weight).T
        return np.asarray(weighted - smooth @ (smooth.T @ weighted), dtype=float)

    counts, apart_others = apart(pattern.counts), apart(np.column_stack(others))
    best, start, lines = np.inf, layout.start.copy(), pattern.counts
    for strain in np.arange(-SPAN, SPAN + STRIDE / 2, STRIDE):
        vector[layout.index[f"{PEROVSKITE}.strain"]] = strain
        drawn = model.phase(PEROVSKITE, vector).pattern
        amounts, misfit = nnls(np.column_stack([apart(drawn), apart_others]), counts, maxiter=1000)
        if misfit < best:
            best, lines = misfit, np.column_stack([drawn, *others]) @ amounts
            start = layout.start.copy()
            start[layout.index[f"{PEROVSKITE}.strain"]], start[layout.index[f"{PEROVSKITE}.amount"]] = (
                strain,
                amounts[0],
            )
    terms = np.linalg.lstsq(basis * weight[:, None], (pattern.counts - lines) * weight, rcond=None)[0]
    start[first : first + BACKGROUND] = terms
    alone = Layout((PEROVSKITE,), {})
    return alone.carry(start, layout)


def _blurred(layout: Layout, vector: Array) -> Array:
    blurred = vector.copy()
    blurred[layout.index["width"]] = np.log(BLUR)
    return blurred


def hint_phases(
    refined: Refined, reflections: dict[str, Reflections], phases: Iterable[str], drawn: dict[str, Templates]
) -> list[Hint]:
    """The best hint of each phase in the residuals of a fit that lacks it, the strongest first.

    A template may be partly explained by parameters of the fit (background, widths): only what remains of it counts.

    Args:
        refined: The fit.
        reflections: Of every phase.
        phases: Which to look for.
        drawn: Templates of a phase, which are added where there are none: zero, shift and widths that they are drawn
            with move by less than a stride while phases are added to a fit.
    """
    residual = (refined.model.pattern.counts - refined.calculated) * refined.weight
    curvature = (refined.jacobian.T * refined.weight) @ refined.jacobian + np.diag(refined.layout.weight)
    factor = cho_factor(curvature)
    weighted = refined.jacobian * refined.weight[:, None]
    noise = max(1.0, refined.reduced)
    hints = []
    for phase in phases:
        if phase not in drawn:
            drawn[phase] = _templates(refined, reflections[phase], phase)
        seen = drawn[phase]
        if len(seen.strain) == 0:
            continue
        shared = seen.pattern @ weighted
        explained = np.sum(shared * cho_solve(factor, shared.T).T, axis=1)
        information = ((seen.pattern**2) @ refined.weight - explained) / noise
        amount = seen.pattern @ residual / noise / information
        clear = amount * np.sqrt(information)
        gain = np.maximum(clear, 0) ** 2 / 2
        prior = np.exp(-((seen.strain / FORMS[phase].slack) ** 2) / 2)
        best = int(np.argmax(np.where(clear > 0, gain + np.log(prior), clear - 1e3)))
        share = float(np.sum(prior * np.exp(gain - gain[best])) / np.sum(prior))
        deviation = float(information[best] ** -0.5)
        place = float(seen.strain[best]), float(amount[best]), deviation, float(seen.volume[best])
        hints.append(Hint(phase, *place, min(share, 1.0)))
    return sorted(hints, key=lambda h: -h.gain)


def _templates(refined: Refined, reflections: Reflections, phase: str) -> Templates:
    wide = Layout((*refined.layout.phases, phase), {})
    tried = Model(refined.model.pattern, {**refined.model.reflections, phase: reflections}, wide)
    vector = wide.carry(refined.vector, refined.layout)
    found = []
    for strain in _strains(phase):
        vector[wide.index[f"{phase}.strain"]] = strain
        one = tried.phase(phase, vector)
        if one.volume > 0:
            found.append((float(strain), one.volume, one.pattern))
    strains, volumes, patterns = zip(*found, strict=True) if found else ((), (), ())
    return Templates(np.array(strains), np.array(volumes), np.array(patterns))


def _strains(phase: str) -> Array:
    reach = 2.5 * FORMS[phase].slack
    n = int(reach / STRIDE)
    return STRIDE * np.arange(-n, n + 1, dtype=np.float64)
