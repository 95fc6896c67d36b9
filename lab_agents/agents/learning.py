"""What a worker learns from its own outcomes: how long each act takes, and how often work succeeds, and where.

Both start from a prior that counts as a few outcomes, so that the first bids are sensible and a single failure does not
rule an agent out. Durations are laboratory time, for each plan a running mean and a lognormal spread; of a plan whose
act says how long its program lasts (`TIMED`) they are of what comes on top. Chances of success are those of a beta
posterior over all outcomes, and near to a place in the design space those of the outcomes there with the posterior over
all of them as their prior: a line that fails where antisolvent comes early need not be passed over elsewhere.
"""

import math
from collections.abc import Iterable, Mapping

from pydantic import Field

from lab_agents.records.base import FrozenMap, Record, with_item
from lab_agents.records.quantities import Chance, Seconds
from lab_agents.records.recipe import Act, ActResult, Argument

PRIOR_SECONDS: Mapping[str, float] = {
    "new_vial": 10.0,
    "dose": 20.0,
    "coat": 90.0,
    "transfer": 30.0,
    "soak": 3600.0,
    "mix": 300.0,
    "spin": 60.0,
    "anneal": 600.0,
    "scan": 60.0,
    "spectrum": 90.0,
    "illuminate": 30.0,
    "sweep": 120.0,
}
"""Durations assumed before the first outcome; an agent's setting `prior_<plan>` overrides one."""
TIMED: Mapping[str, str] = {"anneal": "duration", "spin": "duration", "illuminate": "duration"}
"""Plans that last as long as one of their arguments (s) says, and what comes on top: ramps, cooling, handling."""
SCAN, SCANNED = "scan", ("start", "stop", "step", "time_per_step")
"""The plan that lasts as long as its points take, and the arguments that say so."""
PRIOR_OTHER = 60.0
"""For plans of a user's own drivers."""
PRIOR_SPREAD, SPREAD_WEIGHT = 0.3, 4.0
"""Deviation of the logarithm of a duration before it is known, and as how many acts that counts (assumptions)."""
PRIOR_GOOD, PRIOR_BAD = 9.0, 1.0
"""The prior chance of success, 0.9, weighs as much as ten outcomes."""
NEAR = 0.25
"""Distance in a space scaled to one over which outcomes tell of each other: a quarter of a range (assumption)."""
REGION_WEIGHT = 4.0
"""As how many outcomes the chance anywhere counts where the chance at one place is asked for (assumption)."""
MOST_OUTCOMES = 200
"""Older outcomes are no longer placed: lines are mended, and a bid is computed for every offer."""


class Duration(Record):
    """A running mean with the number of acts behind it, and mean and sum of squares of the logarithms."""

    n: int = 0
    mean: Seconds
    log_mean: float = 0.0
    log_squares: float = Field(default=0.0, ge=0)


class Placed(Record):
    """One outcome, and where in the space (each parameter scaled to one) it was."""

    at: FrozenMap[str, float]
    good: bool


class Estimate(Record):
    """An expected chance of success with its standard deviation."""

    chance: Chance
    deviation: Chance


class Experience(Record):
    """Durations by plan, and outcomes of whole works."""

    durations: FrozenMap[str, Duration] = Field(default_factory=dict)
    n_good: int = 0
    n_bad: int = 0
    placed: tuple[Placed, ...] = ()

    @property
    def chance(self) -> Chance:
        """The expected chance that a work succeeds (mean of the beta posterior)."""
        return (self.n_good + PRIOR_GOOD) / (self.n_good + self.n_bad + PRIOR_GOOD + PRIOR_BAD)

    @property
    def n_learned(self) -> int:
        """The number of outcomes behind `chance`."""
        return self.n_good + self.n_bad

    def chance_at(self, place: Mapping[str, float]) -> Estimate:
        """The chance at a place in the scaled space; without one, the chance anywhere."""
        whole = self.n_good + self.n_bad + PRIOR_GOOD + PRIOR_BAD
        if not place or not self.placed:
            return _estimate(self.chance * whole, whole)
        weights = [(_nearness(place, one.at), one.good) for one in self.placed]
        near = math.fsum(w for w, _ in weights)
        good = math.fsum(w for w, is_good in weights if is_good)
        return _estimate(good + REGION_WEIGHT * self.chance, near + REGION_WEIGHT)

    def expect(self, plan: str, settings: Mapping[str, Argument]) -> Seconds:
        """The expected duration of one act; the prior counts as one act."""
        prior = float(settings.get(f"prior_{plan}", PRIOR_SECONDS.get(plan, PRIOR_OTHER)))
        known = self.durations.get(plan)
        return prior if known is None else (prior + known.n * known.mean) / (known.n + 1)

    def expect_act(self, act: Act, settings: Mapping[str, Argument]) -> Seconds:
        """The expected duration of one act with its own arguments."""
        return programmed(act) + self.expect(act.plan, settings)

    def spread_act(self, act: Act, settings: Mapping[str, Argument]) -> Seconds:
        """One standard deviation of the duration of an act: that of a lognormal of the expected mean."""
        known = self.durations.get(act.plan, Duration(mean=0.0))
        squares = known.log_squares + SPREAD_WEIGHT * PRIOR_SPREAD**2
        return self.expect(act.plan, settings) * math.sqrt(math.expm1(squares / (known.n + SPREAD_WEIGHT)))


def _estimate(good: float, whole: float) -> Estimate:
    chance = min(1.0, good / whole)
    return Estimate(chance=chance, deviation=math.sqrt(chance * (1 - chance) / (whole + 1)))


def _nearness(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """1 at the same place, near 0 where the usual parameter of both is a few times `NEAR` apart."""
    names = sorted(one.keys() & other.keys())
    squares = math.fsum((one[name] - other[name]) ** 2 for name in names) / max(1, len(names))
    return math.exp(-0.5 * squares / NEAR**2)


def programmed(act: Act) -> Seconds:
    """How long an act says that it lasts: a timed plan, or a scan by its points; 0 for other plans."""
    if act.plan == SCAN and act.arguments.keys() >= set(SCANNED):
        start, stop, step, each = (float(act.arguments[name]) for name in SCANNED)
        return each * (1 + (stop - start) / step)
    return float(act.arguments.get(TIMED.get(act.plan, ""), 0.0))


def learn_durations(experience: Experience, acts: Iterable[Act], results: Iterable[ActResult]) -> Experience:
    """The experience after a task whose acts brought these results."""
    durations = experience.durations
    done = list(acts)
    for result in results:
        if result.act >= len(done):
            continue
        plan = done[result.act].plan
        whole = (result.ended_at - result.started_at).total_seconds()
        seconds = max(0.0, whole - programmed(done[result.act]))
        durations = with_item(durations, plan, _learn(durations.get(plan, Duration(mean=0.0)), seconds))
    return experience.model_copy(update={"durations": durations})


def _learn(known: Duration, seconds: float) -> Duration:
    """One more act: running means, and Welford's sum of squares (Technometrics 4, 419, 1962)."""
    n, log = known.n + 1, math.log1p(seconds)
    log_mean = known.log_mean + (log - known.log_mean) / n
    return Duration(
        n=n,
        mean=(known.n * known.mean + seconds) / n,
        log_mean=log_mean,
        log_squares=max(0.0, known.log_squares + (log - known.log_mean) * (log - log_mean)),
    )


def learn_outcome(experience: Experience, *, good: bool, at: Mapping[str, float] | None = None) -> Experience:
    """The experience after a whole work ended, at a place in the scaled space if it has one."""
    field = "n_good" if good else "n_bad"
    changes: dict[str, object] = {field: getattr(experience, field) + 1}
    if at:
        changes["placed"] = (*experience.placed, Placed(at=at, good=good))[-MOST_OUTCOMES:]
    return experience.model_copy(update=changes)
