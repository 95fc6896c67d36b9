"""What a worker learns from its own outcomes: how long each act takes, and how often work succeeds.

Both start from a prior that counts as a few outcomes, so that the first bids are sensible and a single failure does not
rule an agent out. Durations are laboratory time, one running mean for each plan; of a plan whose act says how long its
program lasts (`TIMED`) it is the mean of what comes on top.
"""

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
    "scan": 900.0,
    "spectrum": 90.0,
    "illuminate": 30.0,
    "sweep": 120.0,
}
"""Durations assumed before the first outcome; an agent's setting `prior_<plan>` overrides one."""
TIMED: Mapping[str, str] = {"anneal": "duration", "spin": "duration", "illuminate": "duration"}
"""Plans that last as long as one of their arguments (s) says, and what comes on top: ramps, cooling, handling."""
PRIOR_OTHER = 60.0
"""For plans of a user's own drivers."""
PRIOR_GOOD, PRIOR_BAD = 9.0, 1.0
"""The prior chance of success, 0.9, weighs as much as ten outcomes."""


class Duration(Record):
    """A running mean, with the number of acts behind it."""

    n: int = 0
    mean: Seconds


class Experience(Record):
    """Durations by plan, and outcomes of whole works."""

    durations: FrozenMap[str, Duration] = Field(default_factory=dict)
    n_good: int = 0
    n_bad: int = 0

    @property
    def chance(self) -> Chance:
        """The expected chance that a work succeeds (mean of the beta posterior)."""
        return (self.n_good + PRIOR_GOOD) / (self.n_good + self.n_bad + PRIOR_GOOD + PRIOR_BAD)

    @property
    def n_learned(self) -> int:
        """The number of outcomes behind `chance`."""
        return self.n_good + self.n_bad

    def expect(self, plan: str, settings: Mapping[str, Argument]) -> Seconds:
        """The expected duration of one act; the prior counts as one act."""
        prior = float(settings.get(f"prior_{plan}", PRIOR_SECONDS.get(plan, PRIOR_OTHER)))
        known = self.durations.get(plan)
        return prior if known is None else (prior + known.n * known.mean) / (known.n + 1)

    def expect_act(self, act: Act, settings: Mapping[str, Argument]) -> Seconds:
        """The expected duration of one act with its own arguments."""
        return programmed(act) + self.expect(act.plan, settings)


def programmed(act: Act) -> Seconds:
    """How long an act of a timed plan says that it lasts; 0 for other plans."""
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
        known = durations.get(plan, Duration(mean=0.0))
        mean = (known.n * known.mean + seconds) / (known.n + 1)
        durations = with_item(durations, plan, Duration(n=known.n + 1, mean=mean))
    return experience.model_copy(update={"durations": durations})


def learn_outcome(experience: Experience, *, good: bool) -> Experience:
    """The experience after a whole work ended."""
    field = "n_good" if good else "n_bad"
    return experience.model_copy(update={field: getattr(experience, field) + 1})
