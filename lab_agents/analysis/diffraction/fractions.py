"""Volume fractions from a refined pattern, with their uncertainty.

The fit's covariance is sampled, because a fraction is a ratio of amounts that texture, absorption and thermal motion
turn into volumes. Each phase's volume carries the relative model error of its structure on top, which no scan cures.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from lab_agents.analysis.diffraction.composition import most_of
from lab_agents.analysis.diffraction.pattern import Array
from lab_agents.analysis.diffraction.screening import Hint
from lab_agents.analysis.diffraction.search import Found
from lab_agents.analysis.diffraction.structures import FORMS

DRAWS = 400
"""Samples of the covariance: the deviation is then known to 4 %."""

DOSING = 0.01
"""By how much a site may hold more of an occupant than was dosed (assumption)."""

FLOOR = 0.002
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
    whole = float(np.mean(sum(volumes.values())))
    for hint in found.absent:
        most = whole * most_of(hint.phase, found.filling) / hint.volume
        volumes[hint.phase] = hint.volume * _hidden(hint, whole / hint.volume, most, generator)
    return volumes


def _hidden(hint: Hint, whole: float, most: float, generator: np.random.Generator) -> Array:
    """Draws of the amount of a phase that was not admitted; `whole` is that of a film of nothing else.

    It is there with the odds of the Bayes factor between an amount that is exponentially distributed and none, of
    which the choice of the best size among many leaves a share; then it
    has a positive amount around the one that the residuals hint at.

    Args:
        hint: What the residuals say of the phase.
        whole: Amount of a film that is all of this phase.
        most: Amount that uses up what the phase needs.
        generator: Of the draws.
    """
    odds, fraction = FORMS[hint.phase].usual
    odds *= hint.share
    usual = min(fraction * whole, most)
    pulled = hint.amount - hint.deviation**2 / usual
    ratio = pulled / hint.deviation
    # The ratio may be far below 0: the product of a small chance and a large exponential is taken in logarithms.
    factor = math.log(math.sqrt(2 * math.pi) * hint.deviation / usual) + float(log_ndtr(ratio)) + ratio**2 / 2
    odds *= math.exp(min(factor, 40.0))
    there = generator.uniform(size=DRAWS) < odds / (1 + odds)
    lowest = float(ndtr(-ratio))
    quantile = lowest + (1 - lowest) * generator.uniform(1e-6, 1 - 1e-6, size=DRAWS)
    amount = pulled + hint.deviation * ndtri(quantile)
    return np.where(there, np.clip(amount, 0.0, most + DOSING * whole), 0.0)
