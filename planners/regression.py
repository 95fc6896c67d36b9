"""Gaussian process regression in closed form: as many models as a target has constraints, in tens of milliseconds.

The same model as `planners.surrogates` in NumPy with analytic gradients. BoTorch's fit of one property of 60 samples in
twelve coordinates takes seconds, which a target with five properties pays five times in each batch.

[Hvarfner2024] Hvarfner, Hellsten, Nardi, ICML 2024, arXiv:2402.02229.
[Rasmussen2006] Rasmussen, Williams, Gaussian Processes for Machine Learning, MIT Press (2006).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from planners.checkpoints import Contents
from planners.errors import CheckpointError, SurrogateError
from planners.spaces import Points
from planners.surrogates import SHORTEST, SMALLEST_NOISE, Data

KIND = "gp_matern52_closed_form"
LONGEST = 100.0
"""Longest length scale in unit coordinates: a parameter with that one has no influence."""

NOISE_MEDIAN, NOISE_SPREAD = -6.0, 2.0
"""Log-normal prior of the learned variance, standardized: samples scatter by a few percent of their range beyond what
their measurement says, or hardly at all. A narrower prior about more makes steep constraints look like chance."""

SCALE_SPREAD = math.sqrt(3)
"""Of the log-normal prior of length scales; its median grows with the root of their number [Hvarfner2024]."""

STARTS = (None, 0.5)
"""Length scales that the fit starts from: the prior's mode, and half the range of a parameter."""

LEAST_VARIANCE = 1e-10
"""What rounding may leave of a variance that is zero."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """What training learns: length scales, shape (d,), the variance beyond what is known, and the standardization."""

    scales: Values
    scatter: float
    center: float
    spread: float


class Posterior(NamedTuple):
    """A model's belief about points: where they are, the mean, shape (n,), and what makes up their covariances."""

    points: Points
    mean: Values
    whitened: Values


class Regression:
    """A Gaussian process with a constant mean of unknown height, conditioned on data. All values are standardized."""

    def __init__(self, data: Data, fitted: Fitted) -> None:
        self.data, self.fitted = data, fitted
        self.known = _known_noise(data, fitted.spread)
        covariance = self._kernel(data.inputs, data.inputs) + np.diag(self.known + fitted.scatter)
        self._factor = cholesky(covariance, lower=True)
        self._weights = cho_solve((self._factor, True), (data.values - fitted.center) / fitted.spread)

    @property
    def noise(self) -> float:
        """Typical variance of an observation about the mean."""
        return float(np.median(self.known)) + self.fitted.scatter

    def posterior(self, points: Points) -> Posterior:
        """The belief about points in unit coordinates, shape (n, d)."""
        cross = self._kernel(self.data.inputs, points)
        whitened = solve_triangular(self._factor, cross, lower=True, check_finite=False)
        return Posterior(points, cross.T @ self._weights, whitened)

    def covariance(self, one: Posterior, other: Posterior) -> Values:
        """Posterior covariance between two sets of points, shape (n, m), without noise."""
        return np.asarray(self._kernel(one.points, other.points) - one.whitened.T @ other.whitened)

    def variance(self, posterior: Posterior) -> Values:
        """Posterior variance of each point, shape (n,), without noise, always positive."""
        return np.asarray(np.maximum(2.0 - (posterior.whitened**2).sum(axis=0), LEAST_VARIANCE))

    def standardized(self, value: float) -> float:
        """A value of the data in the unit of the posterior."""
        return (value - self.fitted.center) / self.fitted.spread

    def held_out(self) -> float | None:
        """Mean log density of each value, predicted from all others, in the unit of the data [Rasmussen2006, 5.4.2].

        None with fewer than three.
        """
        if len(self.data.values) < 3:
            return None
        errors, variance = self.left_out()
        density = -0.5 * (errors**2 / variance + np.log(2 * math.pi * variance)) - math.log(self.fitted.spread)
        return float(density.mean())

    def left_out(self) -> tuple[Values, Values]:
        """Each value less what all others predict, and its predicted variance, standardized [Rasmussen2006, 5.4.2]."""
        variance = 1.0 / np.diag(cho_solve((self._factor, True), np.eye(len(self.data.values))))
        return self._weights * variance, variance

    def to_contents(self) -> Contents:
        """What was learned as named arrays."""
        f = self.fitted
        arrays = {"scales": f.scales, "others": np.array([f.scatter, f.center, f.spread])}
        return Contents(arrays, {"kind": KIND, "n": len(self.data.values)})

    def _kernel(self, one: Points, other: Points) -> Values:
        """Matérn-5/2 plus the unit variance of the constant mean, shape (n, m)."""
        a, b = one / self.fitted.scales, other / self.fitted.scales
        squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None] - 2 * a @ b.T
        return _matern(np.sqrt(5 * np.maximum(squares, 0.0))) + 1.0


def fit(data: Data) -> Regression:
    """Train by maximizing the posterior density of length scales and scatter; the best of `STARTS`.

    Raises:
        SurrogateError: If there is nothing to learn from, or the covariance cannot be factorized.
    """
    n = len(data.values)
    if not n:
        raise SurrogateError("A model needs at least one observation; propose space-filling candidates first.")
    spread = float(data.values.std(ddof=1)) if n > 1 else 0.0
    # Equal values have no scale of their own; one keeps the standardization finite and the model flat.
    center, spread = float(data.values.mean()), spread if spread > 0 else 1.0
    density = _Density(data, center, spread)
    best = min((density.maximize(start) for start in STARTS), key=lambda found: found[0])[1]
    try:
        return Regression(data, Fitted(np.exp(best[:-1]), float(np.exp(best[-1])), center, spread))
    except LinAlgError as error:
        raise SurrogateError(
            f"No model could be fitted to {n} observations: {error}. Look for an observation far from all others, or "
            "use the space_filling planner."
        ) from error


def recall_regression(contents: Contents, data: Data) -> Regression:
    """The trained model of a checkpoint, conditioned on `data`.

    Raises:
        CheckpointError: If the checkpoint is of another kind of model or another space.
    """
    if contents.meta.get("kind") != KIND:
        raise CheckpointError(f"The checkpoint holds a {contents.meta.get('kind')}, not a {KIND}. Train again.")
    scales, others = contents.arrays.get("scales"), contents.arrays.get("others")
    d = data.inputs.shape[1]
    if scales is None or others is None or scales.shape != (d,) or others.shape != (3,):
        raise CheckpointError(f"The checkpoint does not fit {d} parameters. Train again.")
    return Regression(data, Fitted(scales, *(float(x) for x in others)))


class _Density:
    """Negative log posterior density of log length scales and log scatter, with its gradient [Rasmussen2006, 5.4.1]."""

    def __init__(self, data: Data, center: float, spread: float) -> None:
        self._values = (data.values - center) / spread
        self._known = _known_noise(data, spread)
        self._squares = (data.inputs[:, None] - data.inputs[None]) ** 2
        d = data.inputs.shape[1]
        self._median = math.sqrt(2) + math.log(d) / 2

    def maximize(self, start: float | None) -> tuple[float, Values]:
        """The least negative log density found from a start, and where."""
        d = self._squares.shape[2]
        mode = self._median - SCALE_SPREAD**2
        first = max(mode, math.log(2 * SHORTEST)) if start is None else math.log(start)
        bounds = [(math.log(SHORTEST), math.log(LONGEST))] * d + [(math.log(SMALLEST_NOISE), 0.0)]
        beginning = np.array([first] * d + [NOISE_MEDIAN - NOISE_SPREAD**2])
        found = minimize(self, beginning, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 100})
        return float(found.fun), np.asarray(found.x)

    def __call__(self, logs: Values) -> tuple[float, Values]:
        weights = np.exp(-2 * logs[:-1])
        distance = np.sqrt(5 * (self._squares @ weights))
        covariance = _matern(distance) + 1.0 + np.diag(self._known + math.exp(logs[-1]))
        factor = cholesky(covariance, lower=True)
        alpha = cho_solve((factor, True), self._values)
        pull = cho_solve((factor, True), np.eye(len(alpha))) - np.outer(alpha, alpha)
        # dk/dlog(scale) of Matérn-5/2 is 5/3 (1 + r) exp(-r) times the coordinate's squared scaled distance.
        slopes = pull * (5 / 3) * (1 + distance) * np.exp(-distance)
        gradient = 0.5 * np.append(
            np.einsum("ij,ijk->k", slopes, self._squares) * weights, np.trace(pull) * math.exp(logs[-1])
        )
        off = (logs - self._centers()) / self._spreads()
        value = 0.5 * self._values @ alpha + np.log(np.diag(factor)).sum() + (0.5 * off**2 + logs).sum()
        return float(value), gradient + off / self._spreads() + 1.0

    def _centers(self) -> Values:
        return np.append(np.full(self._squares.shape[2], self._median), NOISE_MEDIAN)

    def _spreads(self) -> Values:
        return np.append(np.full(self._squares.shape[2], SCALE_SPREAD), NOISE_SPREAD)


def _matern(distance: Values) -> Values:
    """Matérn-5/2 of sqrt(5) times the scaled distance."""
    return np.asarray((1 + distance + distance**2 / 3) * np.exp(-distance))


def _known_noise(data: Data, spread: float) -> Values:
    return np.asarray(np.maximum((data.deviations / spread) ** 2, SMALLEST_NOISE))
