"""Volume fractions from a refined pattern, with their uncertainty.

The fit's covariance is sampled, because a fraction is a ratio of amounts that texture, absorption and thermal motion
turn into volumes. Each phase's volume carries the relative model error of its structure on top, which no scan cures.
"""

from dataclasses import dataclass

import numpy as np

from lab_agents.analysis.diffraction.pattern import Array
from lab_agents.analysis.diffraction.search import Found
from lab_agents.analysis.diffraction.structures import FORMS, PEROVSKITE

DRAWS = 400
"""Samples of the covariance: the deviation is then known to 4 %."""

FLOOR = 0.003
"""Least deviation of a fraction: what a film holds between its grains is not crystalline (assumption)."""


@dataclass(frozen=True)
class Fraction:
    """A phase's volume fraction with its deviations: all together, and what counting alone leaves open."""

    value: float
    deviation: float
    counting: float


def phase_fractions(found: Found) -> dict[str, Fraction]:
    """Volume fractions of all possible phases; those of absent ones are near 0 with the limit as deviation."""
    generator = np.random.default_rng(0)  # the same pattern always gives the same conclusion
    volumes = _volumes(found, generator)
    names = list(volumes)
    counted = np.stack([volumes[name] for name in names])
    errors = np.array([FORMS[name].model for name in names])
    modelled = counted * np.exp(errors[:, None] * generator.standard_normal(counted.shape))
    plain, whole = counted / counted.sum(axis=0), modelled / modelled.sum(axis=0)
    return {
        name: Fraction(float(w.mean()), float(np.hypot(w.std(), FLOOR)), float(p.std()))
        for name, p, w in zip(names, plain, whole, strict=True)
    }


def _volumes(found: Found, generator: np.random.Generator) -> dict[str, Array]:
    """Draws of each phase's volume, in the unit of the pattern, never negative."""
    refined, layout = found.refined, found.refined.layout
    factor = np.linalg.cholesky(refined.covariance)
    draws = refined.vector + (factor @ generator.standard_normal((len(refined.vector), DRAWS))).T
    volumes = {}
    for phase in layout.phases:
        amount = np.maximum(draws[:, layout.index[f"{phase}.amount"]], 0)
        volumes[phase] = amount * refined.model.volumes(phase, draws)
    for hint in found.absent:
        amount = np.maximum(hint.deviation * generator.standard_normal(DRAWS), 0)
        volumes[hint.phase] = amount * hint.volume
    if PEROVSKITE not in volumes or float(np.mean(sum(volumes.values()))) <= 0:
        raise ValueError("No phase has a volume.")
    return volumes
