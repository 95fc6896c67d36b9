"""The Bayesian planner: a Gaussian process and log expected improvement, after space-filling beginnings.

[Jones1998] Jones, Schonlau, Welch, J. Global Optim. 13, 455 (1998).
[Ament2023] Ament, Daulton, Eriksson, Balandat, Bakshy, NeurIPS 2023, arXiv:2310.20708.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from scipy.stats import qmc

from lab_agents.records.base import Record
from lab_agents.records.recipe import Argument
from lab_agents.records.target import Target
from planners.acquisition import log_expected_gain
from planners.checkpoints import unpack_all
from planners.errors import QuestionError
from planners.feasibility import log_chance
from planners.objectives import in_target_unit, training_data
from planners.protocols import Ask, Checkpoint, Scored
from planners.questions import choices, read_settings, taken
from planners.repeatable import one_thread
from planners.retraining import GaussianProcessRetrainer, train_surrogate
from planners.search import best_point
from planners.seeds import keyed_generator, keyed_seed
from planners.space_filling import SpaceFillingPlanner
from planners.spaces import Points, as_points, from_unit, to_candidate, to_unit
from planners.surrogates import Surrogate, recall

N_DRAWS = 64
"""Outcomes imagined for the pending candidates; as Sobol draws they rank a pool as four times as many do."""

N_TOGETHER = 1024
"""Candidates scored at a time: their joint covariance holds 8 MB, and a pool of any size is scored in pieces."""

APART = 0.01
"""Least distance, in unit coordinates, between a candidate of a continuous space and any other: no dispenser tells
closer ones apart, and a campaign that learns wants no accidental replicate."""

N_STARTS = 8
"""Best observed points from which a continuous search also starts."""


class BayesianSettings(Record):
    """How the planner searches.

    `incumbent` is the share of the observed candidates whose posterior mean lies below the value that a candidate is
    expected to improve on. At 1 that is the best of them, and the search is for one best material; below, it stays
    longer on the hills it knows, and finds more good ones.
    """

    incumbent: float = Field(default=0.9, ge=0.5, le=1.0)


class BayesianPlanner:
    """Log expected improvement [Jones1998, Ament2023] on a Gaussian process, batches chosen one candidate at a time.

    Each choice is pending for the next one. A pool is scored whole; a continuous space by a cloud of points that
    narrows. The first `ask.initial` candidates of a campaign are space-filling.
    """

    name = "bayesian"

    def __init__(self, settings: Mapping[str, Argument] | None = None) -> None:
        """A planner with `BayesianSettings` by name.

        Raises:
            SettingsError: If a setting is unknown or out of range.
        """
        self.settings = read_settings(self.name, BayesianSettings, settings)

    def propose(self, ask: Ask) -> Sequence[Scored]:
        """Up to `ask.n` candidates in the order in which they were chosen.

        Raises:
            QuestionError: If the target has constraints or a parameter as its objective.
        """
        _check_target(ask.target)
        data = training_data(ask, ask.target.property)
        if len(ask.made) < ask.initial or not len(data.values):
            return SpaceFillingPlanner().propose(ask)
        one_thread()
        if ask.checkpoint is None:
            surrogate = train_surrogate(ask, ask.target.property)
        else:
            surrogate = recall(unpack_all(ask.checkpoint)[ask.target.property], data)
        left = choices(ask)
        scorer = _Scorer(ask, surrogate, self.settings)
        if left is None:
            return [scorer.choose_from_space(number) for number in range(ask.n)]
        return [scorer.choose_from(left) for _ in range(min(ask.n, len(left)))]

    def retrain(self, ask: Ask) -> Checkpoint:
        """Train the planner's Gaussian process."""
        return GaussianProcessRetrainer().retrain(ask)


def _check_target(target: Target) -> None:
    if target.constraints or target.parameter is not None:
        raise QuestionError(
            f"Planner {BayesianPlanner.name} searches for the best {target.property} alone; the target has constraints "
            "or a parameter as its objective. Use the constrained planner."
        )


class _Scorer:
    """Scores points while choices become pending, one after another."""

    def __init__(self, ask: Ask, surrogate: Surrogate, settings: BayesianSettings) -> None:
        self._ask, self._surrogate = ask, surrogate
        self._pending = as_points(ask.space, sorted(set(ask.pending)))
        self._chosen: set[tuple[float, ...]] = set()
        size = len(self._pending) + ask.n
        normal = qmc.MultivariateNormalQMC(np.zeros(size), rng=keyed_generator(ask.seed, ask.number, "draws"))
        self._draws = torch.from_numpy(normal.random(N_DRAWS))
        known = surrogate.posterior(surrogate.data.inputs)[0]
        self._best = float(torch.quantile(known, settings.incumbent))

    def choose_from(self, pool: Points) -> Scored:
        """The best point of the pool that was not chosen before."""
        scores = self.score(pool)
        scores[[tuple(row) in self._chosen for row in pool]] = -np.inf
        return self._choose(pool[scores.argmax()])

    def choose_from_space(self, number: int) -> Scored:
        """The best point found in the continuous space, as choice `number` of this question."""
        best = np.argsort(-self._surrogate.data.values, kind="stable")[:N_STARTS]
        starts = from_unit(self._ask.space, self._surrogate.data.inputs[best])
        seed = keyed_seed(self._ask.seed, self._ask.number, "search", number)
        return self._choose(best_point(self._ask.space, self._score_apart, starts, seed))

    def score(self, points: Points) -> NDArray[np.float64]:
        """Log expected gain plus the log chance that the candidate can be made, shape (n,)."""
        pieces = [points[i : i + N_TOGETHER] for i in range(0, len(points), N_TOGETHER)]
        return np.concatenate([self._score(piece) for piece in pieces]) + log_chance(self._ask, points)

    def _score_apart(self, points: Points) -> NDArray[np.float64]:
        others = to_unit(self._ask.space, np.concatenate([taken(self._ask), self._pending]))
        distances = np.linalg.norm(to_unit(self._ask.space, points)[:, None] - others[None], axis=2)
        return np.where((distances < APART).any(axis=1), -np.inf, self.score(points))

    def _score(self, points: Points) -> NDArray[np.float64]:
        together = np.concatenate([points, self._pending])
        mean, covariance = self._surrogate.posterior(to_unit(self._ask.space, together))
        pending = torch.arange(len(points), len(together))
        gain = log_expected_gain(
            mean, covariance, pending, best=self._best, noise=self._surrogate.noise, draws=self._draws
        )
        return np.asarray(gain[: len(points)].numpy())

    def _choose(self, point: Points) -> Scored:
        acquisition = float(self.score(point[None, :])[0])
        mean, deviation = self._surrogate.predict(to_unit(self._ask.space, point[None, :]))
        self._pending = np.concatenate([self._pending, point[None, :]])
        self._chosen.add(tuple(point))
        return Scored(
            to_candidate(self._ask.space, point),
            acquisition,
            in_target_unit(self._ask.target, float(mean[0])),
            float(deviation[0]),
        )
