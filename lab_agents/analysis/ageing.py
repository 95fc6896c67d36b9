"""Two spectra of one film: how far its edge moved, and how much of its absorbance is left.

What the fit of an edge does not know (exciton, line shape, fringes, reflection) is the same in both spectra and cancels
in their difference, which is therefore what is fitted.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lab_agents.analysis.edges import BELOW, Edge
from lab_agents.analysis.spectra import Absorbance

PROBED, WINDOW = 0.30, 0.03
"""Where the absorbance is compared: 0.3 eV above the gap, mean of ± 0.03 eV."""

DRIFT, TILT = 0.01, 0.01
"""Prior of the baseline's change between the spectra, and of its slope per eV: lamps drift by 0.005 an hour."""

BROADER = 0.15
"""Prior of the relative change of the width of the edge."""

CLEAR = 0.08
"""Distance below the gap in eV from which on the baseline is seen."""

UNKNOWN_LEVEL, UNKNOWN_TAIL = 0.055, 0.5
"""Deviation of the absorbance that is baseline at the probed energy, and share of the tail under it that is not known:
the edge hides the fringes there, and the baseline below the edge is not quite the one above."""

FADING = 0.04
"""Amplitude of fringes in absorbance; they fade as 10^-A and come back as a film bleaches."""

BENT = 0.01
"""Deviation of the shift in eV per share of absorbance lost: fringes change as the film lets more light through."""

PLACED = 0.004
"""Share of the absorbance by which a film that is carried away and back reads otherwise (assumption)."""

_ROUNDS = 12

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ageing:
    """What happened to a film: `shift` of its gap in eV, and the share of its absorbance that is `kept`."""

    shift: float
    shift_deviation: float
    kept: float
    kept_deviation: float


def compare_edges(before: Absorbance, after: Absorbance, first: Edge, second: Edge | None) -> Ageing:
    """Fit what changed: after - before = drift + tilt + k F(E - shift) - F(E), F the fitted edge of the film before.

    Args:
        before: The film's absorbance before the soak.
        after: The same after it.
        first: The edge of the spectrum before.
        second: The edge of the one after, as the first guess of the shift; None where there is none, and the shift is
            then 0 ± 0.02 eV.
    """
    lowest, highest = first.gap - BELOW, first.gap + PROBED + WINDOW
    use = (after.energy > lowest) & (after.energy < highest)
    energy = after.energy[use]
    earlier = np.interp(energy, before.energy, before.value)
    noise = np.hypot(after.noise[use], np.interp(energy, before.energy, before.noise))
    fit = _Change(energy, after.value[use] - earlier, noise, first, None if second is None else second.gap - first.gap)
    theta, covariance = fit.run()
    kept, deviation = _kept(before, after, first, theta, covariance)
    shift_doubt = math.hypot(0.1 * theta[0], BENT * (1 - theta[1]))
    return Ageing(float(theta[0]), math.hypot(math.sqrt(covariance[0, 0]), shift_doubt), kept, deviation)


class _Change:
    """Least squares over shift, k, drift, tilt and relative broadening, with priors on the last three."""

    def __init__(self, energy: Array, change: Array, noise: Array, first: Edge, start: float | None) -> None:
        self._energy, self._change, self._noise, self._first = energy, change, noise, first
        self._start = start or 0.0
        wide = 1e3 if start is not None else 0.02
        self._precision = np.array([wide**-2, 1e-6, DRIFT**-2, TILT**-2, BROADER**-2])
        self._film = first.film(energy)

    def _moved(self, shift: float, broader: float) -> Array:
        shape = replace(self._first.shape, width=self._first.shape.width * math.exp(broader))
        return replace(self._first, shape=shape).film(self._energy - shift)

    def _model(self, theta: Array) -> Array:
        tilt = theta[3] * (self._energy - self._first.gap)
        model: Array = theta[1] * self._moved(theta[0], theta[4]) - self._film + theta[2] + tilt
        return model

    def run(self) -> tuple[Array, Array]:
        """Parameters and their covariance, which the misfit widens."""
        theta = np.array([self._start, 1.0, 0.0, 0.0, 0.0])
        pull = theta.copy()
        pull[0] = self._start if self._precision[0] < 1 else 0.0
        for _ in range(_ROUNDS):
            residual = (self._change - self._model(theta)) / self._noise
            design = self._design(theta)
            matrix = design.T @ design + np.diag(self._precision)
            step = np.linalg.solve(matrix, design.T @ residual + self._precision * (pull - theta))
            step = np.clip(step, -0.2, 0.2)
            step[0] = np.clip(step[0], -0.02, 0.02)
            theta = theta + step
            if abs(step[0]) < 1e-6 and abs(step[1]) < 1e-5:
                break
        misfit = float(residual @ residual) / len(residual)
        covariance: Array = np.asarray(np.linalg.inv(matrix) * max(1.0, misfit), dtype=np.float64)
        return theta, covariance

    def _design(self, theta: Array) -> Array:
        columns = [np.ones_like(self._energy)] * 5
        for k, move in ((0, 0.001), (4, 0.02)):
            moved = theta.copy()
            moved[k] += move
            columns[k] = (self._model(moved) - self._model(theta)) / move
        columns[1] = self._moved(theta[0], theta[4])
        columns[3] = self._energy - self._first.gap
        return (np.array(columns) / self._noise).T


def _kept(before: Absorbance, after: Absorbance, first: Edge, theta: Array, covariance: Array) -> tuple[float, float]:
    """Ratio of the absorbances above baseline, each 0.3 eV above its own gap."""
    place = first.gap + PROBED
    level, unknown = _baseline(before, first)
    film, film_noise = _mean(before, place)
    left, left_noise = _mean(after, place + theta[0])
    film -= level
    left -= level + theta[2] + theta[3] * (PROBED + theta[0])
    kept = left / film
    arm = np.array([0.0, 0.0, 1.0, PROBED, 0.0])
    faded = FADING * abs(10 ** -max(left, 0.0) - 10 ** -max(film, 0.0))
    doubt = math.hypot((1 - kept) * unknown, faded)
    variance = float(arm @ covariance @ arm) + left_noise**2 + (kept * film_noise) ** 2 + doubt**2
    return float(kept), math.hypot(math.sqrt(variance) / film, PLACED)


def _baseline(before: Absorbance, first: Edge) -> tuple[float, float]:
    """The absorbance below the edge that is not the film's, and how well it is known above the edge.

    The baseline of the edge's fit is not used: it may tilt, and 0.3 eV away it is worth less than a constant.
    """
    clear = (before.energy > first.gap - BELOW) & (before.energy < first.gap - CLEAR)
    if not np.any(clear):
        return first.level, 1.5 * UNKNOWN_LEVEL
    tail = first.film(before.energy[clear])
    level = float(np.mean(before.value[clear] - tail))
    return level, math.hypot(UNKNOWN_LEVEL, UNKNOWN_TAIL * float(np.mean(tail)))


def _mean(absorbance: Absorbance, place: float) -> tuple[float, float]:
    near = np.abs(absorbance.energy - place) < WINDOW
    n = max(int(near.sum()), 1)
    return float(absorbance.value[near].mean()), float(absorbance.noise[near].mean()) / math.sqrt(n)
