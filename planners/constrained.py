"""The constrained planner: the best objective among what keeps every bound.

[Gardner2014] Gardner, Kusner, Xu, Weinberger, Cunningham, ICML 2014.
[Hoffman2011] Hoffman, Brochu, de Freitas, Portfolio allocation for Bayesian optimization, UAI 2011, 327.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lab_agents.records.base import Record
from lab_agents.records.recipe import Argument
from planners.beliefs import Beliefs, known_objective
from planners.checkpoints import pack_all, unpack_all
from planners.errors import SurrogateError
from planners.evolution import evolve
from planners.feasibility import log_chance
from planners.objectives import orientation
from planners.outcomes import READABLE, OutcomeModel, held_out, learn_outcomes, recall_outcomes, to_contents
from planners.protocols import Ask, Checkpoint, Outcome, Scored
from planners.questions import choices, read_settings, taken
from planners.search import Score
from planners.seeds import keyed_seed
from planners.space_filling import SpaceFillingPlanner
from planners.spaces import Points, to_candidate, to_unit

APART = 0.01
"""Least distance, in unit coordinates, between a candidate of a continuous space and any other: no dispenser tells
closer ones apart, and a campaign that learns wants no accidental replicate."""

N_STARTS = 12
"""Observed samples from which a continuous search also starts."""

N_TOGETHER = 512
"""Candidates of a pool scored at a time: their covariances with the observed samples hold a few megabytes."""


class ConstrainedSettings(Record):
    """How the planner searches.

    A candidate's score takes its gain to a power. At 1 that is expected improvement, which stays where it has found
    feasible samples; above, it risks more of them for larger gains. Every so-manieth candidate (`bold_every`; 0: none)
    takes `boldness`, the others 1: which of them pays depends on how well the bounds are known, and a portfolio of both
    does better than either [Hoffman2011].

    Every so-manieth candidate (`stated_every`; 0: none) is one that its conclusions will probably call a hit, with the
    target's confidence and with more gain than such samples have: the others look for the best that can be made, which
    lies on the bounds, where nothing can be stated.
    """

    boldness: float = Field(default=3.0, ge=1.0, le=4.0)
    bold_every: int = Field(default=2, ge=0, le=100)
    stated_every: int = Field(default=8, ge=0, le=100)


class ConstrainedPlanner:
    """Expected gain of the objective times the chances of all constraints [Gardner2014], chosen one after another.

    The objective is a parameter as made, whose gain is known, or a property with a model of its own. Each constrained
    property has a model, and there is one of whether a sample can be read at all. The first `ask.initial` candidates
    of a campaign are space-filling.
    """

    name = "constrained"

    def __init__(self, settings: Mapping[str, Argument] | None = None) -> None:
        """A planner with `ConstrainedSettings` by name.

        Raises:
            SettingsError: If a setting is unknown or out of range.
        """
        self.settings = read_settings(self.name, ConstrainedSettings, settings)

    def propose(self, ask: Ask) -> Sequence[Scored]:
        """Up to `ask.n` candidates in the order in which they were chosen.

        Raises:
            QuestionError: If the target's parameter is none of the space's.
            SurrogateError: If a model cannot be fitted.
            CheckpointError: If the checkpoint is not one of this planner for this space.
        """
        known_objective(ask)
        if len(ask.made) < ask.initial or not ask.observations:
            return SpaceFillingPlanner().propose(ask)
        models = learn_outcomes(ask) if ask.checkpoint is None else recall_outcomes(unpack_all(ask.checkpoint), ask)
        if not models:
            return SpaceFillingPlanner().propose(ask)
        left, chooser = choices(ask), _Chooser(ask, models, self.settings)
        if left is None:
            return [chooser.from_space(number) for number in range(ask.n)]
        return [chooser.from_pool(left, number) for number in range(min(ask.n, len(left)))]

    def retrain(self, ask: Ask) -> Checkpoint:
        """Train a model for each property that was read.

        Raises:
            SurrogateError: If none was, or a model cannot be fitted.
        """
        models = learn_outcomes(ask)
        if not models:
            raise SurrogateError(
                f"None of {', '.join(ask.target.properties)} was read in {len(ask.observations)} samples; there is "
                "nothing to learn. Propose space-filling candidates first."
            )
        densities = [held_out(model) for name, model in models.items() if name != READABLE]
        known = [density for density in densities if density is not None]
        data = pack_all({name: to_contents(model) for name, model in models.items()})
        return Checkpoint(data, fmean(known) if known else None)


class _Chooser:
    """Chooses one candidate after another, each pending for the next."""

    def __init__(self, ask: Ask, models: Mapping[str, OutcomeModel], settings: ConstrainedSettings) -> None:
        self._ask, self._models, self._beliefs, self._settings = ask, models, Beliefs(ask, models), settings
        self._starts = self._beliefs.promising(N_STARTS)
        self._taken = taken(ask)
        self._chosen: set[tuple[float, ...]] = set()

    def from_pool(self, pool: Points, number: int) -> Scored:
        """The best point of the pool that was not chosen before, as choice `number` of this question."""
        score = self._score(number)
        scores = np.concatenate([score(pool[i : i + N_TOGETHER]) for i in range(0, len(pool), N_TOGETHER)])
        scores[[tuple(row) in self._chosen for row in pool]] = -np.inf
        best = int(scores.argmax())
        return self._choose(pool[best], float(scores[best]))

    def from_space(self, number: int) -> Scored:
        """The best point found in the continuous space, as choice `number` of this question."""
        score, seed = self._score(number), keyed_seed(self._ask.seed, self._ask.number, "search", number)
        point = evolve(self._ask.space, lambda points: self._apart(points, score(points)), self._starts, seed)
        return self._choose(point, float(score(point[None, :])[0]))

    def _score(self, number: int) -> Score:
        """What choice `number` is to be best at; counted over the whole campaign, whatever the size of its batches."""
        beliefs, settings, turn = self._beliefs, self._settings, len(self._ask.made) + number + 1
        if self._ask.target.constraints and _is_turn(turn, settings.stated_every):
            return lambda points: beliefs.score_stated(points) + log_chance(self._ask, points)
        boldness = settings.boldness if _is_turn(turn, settings.bold_every) else 1.0
        return lambda points: beliefs.score(points, boldness) + log_chance(self._ask, points)

    def _apart(self, points: Points, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The scores, and nothing for points that are as good as made."""
        unit, others = to_unit(self._ask.space, points), to_unit(self._ask.space, self._taken)
        squares = (unit**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None] - 2 * unit @ others.T
        return np.where((squares < APART**2).any(axis=1), -np.inf, scores)

    def _choose(self, point: Points, acquisition: float) -> Scored:
        self._beliefs.choose(point)
        self._taken = np.concatenate([self._taken, point[None, :]])
        self._chosen.add(tuple(point))
        predictions = self._predict(point)
        own = predictions.get(self._ask.target.property)
        known = known_objective(self._ask)
        mean = own.value if own is not None else None
        return Scored(
            to_candidate(self._ask.space, point),
            acquisition,
            float(point[known.column]) if known is not None else mean,
            own.deviation if own is not None and known is None else None,
            predictions,
        )

    def _predict(self, point: Points) -> dict[str, Outcome]:
        """What each property is expected to be, in the target's units."""
        unit, target = to_unit(self._ask.space, point[None, :]), self._ask.target
        predictions = {name: m.predict(unit)[0] for name, m in self._models.items() if name != READABLE}
        return {
            name: Outcome(orientation(target, name) * outcome.value, outcome.deviation)
            for name, outcome in predictions.items()
        }


def _is_turn(turn: int, every: int) -> bool:
    """Whether candidate `turn`, counted from 1, is one of every so-manieth; none is where that is 0."""
    return every > 0 and turn % every == 0
