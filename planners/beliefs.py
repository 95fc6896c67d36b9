"""Scores of candidates under constraints: the expected gain over what may be feasible, times the chance of all bounds.

[Gardner2014] Gardner, Kusner, Xu, Weinberger, Cunningham, ICML 2014.
[Schonlau1998] Schonlau, Welch, Jones, Global versus local search in constrained optimization of computer models, IMS
Lecture Notes 34, 11 (1998).
[Letham2019] Letham, Karrer, Ottoni, Bakshy, Bayesian Analysis 14, 495 (2019), arXiv:1706.07094.
[Ament2023] Ament, Daulton, Eriksson, Balandat, Bakshy, NeurIPS 2023, arXiv:2310.20708.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import logsumexp
from scipy.stats import qmc

from lab_agents.records.target import Target
from planners.errors import QuestionError
from planners.outcomes import OutcomeModel
from planners.protocols import Ask
from planners.questions import sorted_observations
from planners.regression import Posterior
from planners.seeds import keyed_generator
from planners.spaces import Points, as_points, bounds, to_unit
from planners.stating import Stating

Values = NDArray[np.float64]

N_DRAWS = 32
"""Ways imagined in which observed and pending samples may be feasible."""

SOFT = 3e-3
"""Gains below this share of the objective's range are rounded off, as expected improvement is by its uncertainty: where
nothing can be gained the score still says in which direction more could be."""

JITTER = 1e-9


@dataclass(frozen=True)
class Objective:
    """A parameter as made, known without measuring: its column, the sign that makes larger better, and its range."""

    column: int
    sign: float
    lowest: float
    span: float

    def of(self, points: Points) -> Values:
        """The objective at points in the parameters' units, shape (n,)."""
        return np.asarray(self.sign * points[:, self.column])


def known_objective(ask: Ask) -> Objective | None:
    """The design parameter that the target is about, or None where its objective is a property.

    Raises:
        QuestionError: If the space has no such parameter.
    """
    target: Target = ask.target
    if target.parameter is None:
        return None
    names = [p.name for p in ask.space.parameters]
    if target.parameter not in names:
        raise QuestionError(f"The target's parameter {target.parameter} is none of the space's: {', '.join(names)}.")
    column = names.index(target.parameter)
    lower, upper = (float(b[column]) for b in bounds(ask.space))
    lowest = min(target.sign * lower, target.sign * upper)
    return Objective(column, target.sign, lowest, upper - lower)


class Beliefs:
    """What all models together say of candidates, while choices become pending one after another.

    `N_DRAWS` times it is imagined which observed samples are feasible [Letham2019] and how the pending ones turn out;
    each time the best feasible sample is what must be improved on, all models are conditioned on the pending outcomes,
    and a candidate's score is the gain, to the power of a boldness, times the chance of every bound [Gardner2014]. The
    mean over the draws is returned as a logarithm [Ament2023]. A power above one prefers a large gain with a small
    chance to a small gain with a large one [Schonlau1998]: the product alone creeps along the bounds of the region it
    knows. While no sample is feasible the gain is counted from the worst objective.
    """

    def __init__(self, ask: Ask, models: Mapping[str, OutcomeModel]) -> None:
        self._ask, self._known = ask, known_objective(ask)
        self._models = [models[name] for name in sorted(models)]
        self._modelled = None if self._known is not None else models.get(ask.target.property)
        self._observed = as_points(ask.space, [o.values for o in sorted_observations(ask)])
        self._pending = as_points(ask.space, sorted(set(ask.pending)))
        size = len(self._pending) + ask.n
        self._normals = [
            qmc.MultivariateNormalQMC(np.zeros(size), rng=keyed_generator(ask.seed, ask.number, "pending", k)).random(
                N_DRAWS
            )
            for k in range(len(self._models))
        ]
        self._best_observed = self._imagine_observed()
        self._imagine_pending()
        self._stating = Stating(ask, [(name, models[name]) for name in sorted(models)], N_DRAWS)

    def choose(self, point: Points) -> None:
        """Count one more candidate, shape (d,), as pending."""
        self._pending = np.concatenate([self._pending, point[None, :]])
        self._imagine_pending()

    def promising(self, n: int) -> Points:
        """Up to `n` observed samples, as made, that are most likely feasible with a good objective, shape (n, d)."""
        if not len(self._observed):
            return self._observed
        scores = self._score(self._observed, np.full((1, 1), self._worst()), [None] * len(self._models), 1.0)
        return np.asarray(self._observed[np.argsort(-scores, kind="stable")[:n]])

    def score(self, points: Points, boldness: float = 1.0) -> Values:
        """Log of the mean gain times the chance of all bounds, shape (n,), for points in the parameters' units."""
        return self._score(points, self._best, self._imagined, boldness)

    def score_stated(self, points: Points) -> Values:
        """Log of the mean gain over the best stated hit times the chance to be stated one, shape (n,)."""
        best, joint, total = np.full((1, 1), self._best_stated()), np.zeros((1, 1)), np.zeros((1, len(points)))
        for number, (model, mean, variance) in enumerate(self._believed(points, self._imagined)):
            if model is self._modelled:
                total = total + _log_gain(mean, np.sqrt(variance)[None], best)
            deviation = np.sqrt(variance + model.regression.fitted.scatter)[None]
            total = total + model.log_chance(mean, deviation)
            joint = joint + self._stating.log_kept(number, mean, deviation)
        total = total + self._log_known_gain(points, best) + self._stating.log_stated(joint)
        return np.asarray(logsumexp(total, axis=0) - np.log(len(total)))

    def _score(self, points: Points, best: Values, imagined: Sequence["_Imagined | None"], boldness: float) -> Values:
        total = np.zeros((1, len(points)))
        for model, mean, variance in self._believed(points, imagined):
            if model is self._modelled:
                total = total + boldness * _log_gain(mean, np.sqrt(variance)[None], best)
            # A sample is judged as it is made, and it scatters about what was asked for.
            deviation = np.sqrt(variance + model.regression.fitted.scatter)[None]
            total = total + model.log_chance(mean, deviation)
        total = total + boldness * self._log_known_gain(points, best)
        return np.asarray(logsumexp(total, axis=0) - np.log(len(total)))

    def _believed(
        self, points: Points, imagined: Sequence["_Imagined | None"]
    ) -> Iterator[tuple[OutcomeModel, Values, Values]]:
        """Each model with its means, shape (draws or 1, n), and variances, shape (n,), of points."""
        unit = to_unit(self._ask.space, points)
        for model, pending in zip(self._models, imagined, strict=True):
            posterior = model.regression.posterior(unit)
            if pending is None:
                yield model, posterior.mean[None], model.regression.variance(posterior)
            else:
                yield model, *pending.conditioned(posterior)

    def _log_known_gain(self, points: Points, best: Values) -> Values:
        """Log of the softened gain of a known objective, shape (draws or 1, n); zero where it is a property."""
        if self._known is None:
            return np.zeros((1, 1))
        soft = SOFT * self._known.span
        gain = (self._known.of(points)[None] - best) / soft
        return np.asarray(np.log(soft * np.logaddexp(0.0, np.maximum(gain, -700.0))))

    def _best_stated(self) -> float:
        """The best objective among the samples that are stated hits."""
        objective = np.zeros(len(self._observed))
        if self._known is not None:
            objective = self._known.of(self._observed)
        elif self._modelled is not None:
            objective = self._modelled.regression.posterior(to_unit(self._ask.space, self._observed)).mean
        return float(max(self._worst(), objective[self._stating.stated].max(initial=-np.inf)))

    def _imagine_observed(self) -> Values:
        """The best objective among the observed samples that are feasible, shape (draws, 1); -inf where none is."""
        n = len(self._observed)
        feasible, objective = np.ones((N_DRAWS, n), dtype=bool), np.zeros((N_DRAWS, n))
        if self._known is not None:
            objective += self._known.of(self._observed)
        for k, model in enumerate(self._models):
            posterior = model.regression.posterior(to_unit(self._ask.space, self._observed))
            root = _root(model.regression.covariance(posterior, posterior))
            normal = keyed_generator(self._ask.seed, self._ask.number, "observed", k).normal(size=(N_DRAWS, n))
            drawn = posterior.mean + normal @ root.T
            feasible &= model.is_met_by(drawn)
            if model is self._modelled:
                objective += drawn
        return np.asarray(np.where(feasible, objective, -np.inf).max(axis=1, keepdims=True, initial=-np.inf))

    def _imagine_pending(self) -> None:
        best, m = self._best_observed, len(self._pending)
        self._imagined: list[_Imagined | None] = [None] * len(self._models)
        if m:
            unit = to_unit(self._ask.space, self._pending)
            imagined = [
                _Imagined(model, unit, normal[:, :m]) for model, normal in zip(self._models, self._normals, strict=True)
            ]
            feasible = np.logical_and.reduce([i.feasible for i in imagined], axis=0) & np.ones((N_DRAWS, m), dtype=bool)
            objective = np.zeros((N_DRAWS, m))
            for model, one in zip(self._models, imagined, strict=True):
                objective += one.means if model is self._modelled else 0.0
            if self._known is not None:
                objective += self._known.of(self._pending)
            best = np.maximum(best, np.where(feasible, objective, -np.inf).max(axis=1, keepdims=True))
            self._imagined = list(imagined)
        self._best = np.maximum(best, self._worst())

    def _worst(self) -> float:
        """The objective that any feasible sample improves on."""
        if self._known is not None:
            return self._known.lowest
        if self._modelled is None:
            return 0.0
        unit = to_unit(self._ask.space, self._observed)
        return float(self._modelled.regression.posterior(unit).mean.min())


class _Imagined:
    """Outcomes drawn for the pending candidates from one model, and the model conditioned on each draw."""

    def __init__(self, model: OutcomeModel, unit: Points, normal: Values) -> None:
        self._regression, self._normal = model.regression, normal
        self._pending = model.regression.posterior(unit)
        covariance = model.regression.covariance(self._pending, self._pending)
        noisy = covariance + (model.regression.noise + JITTER) * np.eye(len(unit))
        self._factor = np.linalg.cholesky(noisy)
        self.means = self.conditioned(self._pending)[0]
        self.feasible = model.is_met_by(self.means)

    def conditioned(self, posterior: Posterior) -> tuple[Values, Values]:
        """Mean of each draw, shape (draws, n), and variance, shape (n,), once the pending outcomes are known."""
        cross = self._regression.covariance(self._pending, posterior)
        whitened = solve_triangular(self._factor, cross, lower=True, check_finite=False)
        variance = self._regression.variance(posterior) - (whitened**2).sum(axis=0)
        return posterior.mean[None] + self._normal @ whitened, np.maximum(variance, JITTER)


def _root(covariance: Values) -> Values:
    """A matrix whose square is a covariance that rounding may have left without one."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _log_gain(mean: Values, deviation: Values, best: Values) -> Values:
    # imported here, because it imports torch (seconds), which a known objective does not need
    import torch

    from planners.acquisition import log_expected_improvement

    shape = np.broadcast_shapes(mean.shape, deviation.shape, best.shape)
    tensors = (torch.from_numpy(np.broadcast_to(a, shape).copy()) for a in (mean, deviation, best))
    return np.asarray(log_expected_improvement(*tensors).numpy())
