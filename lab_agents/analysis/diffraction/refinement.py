"""Least squares with expectations: Gauss-Newton steps, damped, until nothing changes."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from lab_agents.analysis.diffraction.model import Model
from lab_agents.analysis.diffraction.parameters import Layout
from lab_agents.analysis.diffraction.pattern import Array

ROUNDS, STEPS = 3, 12
"""Rounds of renewed weights, and steps in each."""

SETTLED = 0.2
"""Gain in χ² below which a round ends: far below the 1 that is one deviation."""

MODEL_ERROR = 0.02
"""Relative error of the calculated lines at a point: shapes of real lines differ from pseudo-Voigt by some per cent,
and without it brightest lines alone would decide, and their misfits would pass for minor phases."""


@dataclass(frozen=True)
class Refined:
    """A refined model.

    Attributes:
        model: What was refined.
        vector: Its parameters.
        calculated: The pattern, shape (n,).
        weight: Inverse variances of the points, shape (n,).
        jacobian: Derivatives at `vector`, shape (n, parameters).
        covariance: Of the parameters, shape (parameters, parameters); scaled up where the fit is worse than its noise.
        chi2: Weighted sum of squared residuals and of departures from what was expected.
        reduced: Weighted sum of squared residuals per point.
    """

    model: Model
    vector: Array
    calculated: Array
    weight: Array
    jacobian: Array
    covariance: Array
    chi2: float
    reduced: float

    @property
    def layout(self) -> Layout:
        """Of the parameters."""
        return self.model.layout

    def value(self, name: str) -> float:
        """A parameter."""
        return float(self.vector[self.layout.index[name]])

    def deviation(self, name: str) -> float:
        """Its standard deviation."""
        n = self.layout.index[name]
        return float(np.sqrt(self.covariance[n, n]))


def refine(model: Model, vector: Array, weight: Array | None = None, rounds: int = ROUNDS) -> Refined:
    """Refine all parameters of a model from `vector` on.

    Args:
        model: What to refine.
        vector: The start.
        weight: Inverse variances to begin with; None takes them from the smoothed counts.
        rounds: How often weights are renewed from the fit.
    """
    counts = model.pattern.counts
    if weight is None:
        weight = 1 / np.maximum(np.convolve(counts, np.ones(5) / 5, "same"), 1)
    for _ in range(rounds):
        vector = _descend(model, vector, weight)
        weight = _weights(model, vector)
    return _summarize(model, vector, weight)


def _weights(model: Model, vector: Array) -> Array:
    """Poisson variance of the calculated pattern, so that no point weighs more because it fell low by chance."""
    background = model.background(vector)
    calculated = model.calculate(vector)
    lines = calculated - background
    return np.asarray(1 / (np.maximum(calculated, 1) + (MODEL_ERROR * lines) ** 2), dtype=float)


def _cost(model: Model, vector: Array, weight: Array, calculated: Array) -> float:
    residual = model.pattern.counts - calculated
    return float(residual**2 @ weight) + float((vector - model.layout.start) ** 2 @ model.layout.weight)


def _descend(model: Model, vector: Array, weight: Array) -> Array:
    layout, counts = model.layout, model.pattern.counts
    calculated, jacobian = model.derive(vector)
    cost = _cost(model, vector, weight, calculated)
    damping = 1e-4
    for _ in range(STEPS):
        gradient = jacobian.T @ (weight * (counts - calculated)) - layout.weight * (vector - layout.start)
        curvature = (jacobian.T * weight) @ jacobian + np.diag(layout.weight)
        for _ in range(6):
            damped = curvature + damping * np.diag(np.diag(curvature))
            step = cho_solve(cho_factor(damped), gradient)
            step *= min(1.0, float(np.min(layout.step / np.maximum(np.abs(step), 1e-300))))
            step = np.clip(vector + step, layout.lower, layout.upper) - vector
            trial = model.calculate(vector + step)
            trial_cost = _cost(model, vector + step, weight, trial)
            if trial_cost <= cost:
                break
            damping = max(damping * 10, 1e-3)
        else:
            return vector
        gain, cost = cost - trial_cost, trial_cost
        vector, damping = vector + step, damping / 5
        if gain < SETTLED:
            return vector
        calculated, jacobian = model.derive(vector)
    return vector


def _summarize(model: Model, vector: Array, weight: Array) -> Refined:
    calculated, jacobian = model.derive(vector)
    residual = model.pattern.counts - calculated
    reduced = float(residual**2 @ weight) / (len(residual) - len(vector))
    curvature = (jacobian.T * weight) @ jacobian / max(1.0, reduced) + np.diag(model.layout.weight)
    scale = 1 / np.sqrt(np.diag(curvature))  # strains and backgrounds differ by ten powers of ten
    covariance = np.asarray(np.linalg.inv(curvature * np.outer(scale, scale)) * np.outer(scale, scale), dtype=float)
    chi2 = _cost(model, vector, weight, calculated)
    return Refined(model, vector, calculated, weight, jacobian, covariance, chi2, reduced)
