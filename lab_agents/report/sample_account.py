"""All that the log says of one sample, and what follows from it for the target."""

from dataclasses import dataclass, field

from lab_agents.hits import is_hit, joint_chance
from lab_agents.messages import course, work
from lab_agents.records.measurement import Measurement
from lab_agents.records.observation import Observation
from lab_agents.records.proposal import ProposedCandidate
from lab_agents.records.sample import Sample
from lab_agents.records.target import Target
from lab_agents.report.wording import with_unit


@dataclass(frozen=True)
class Quantity:
    """A value with one standard deviation (0 where it is known exactly)."""

    value: float
    deviation: float
    unit: str

    @property
    def text(self) -> str:
        """`1.351 ± 0.006 eV`."""
        return with_unit(self.value, self.deviation, self.unit)


@dataclass
class SampleAccount:
    """One sample, with the positions of the entries that tell of it.

    `observations` and `unread` are by property: the last word on a property counts, and one that was read in the end is
    not unread. `retracted` holds the reasons of observations that no longer count, by property. `steps` are the places
    in the campaign's order of measurements on which analysis has said all it can.
    """

    proposed: ProposedCandidate
    batch: int
    planner: str
    model: str | None
    target: Target
    positions: dict[str, int]
    bids: list[work.BidMade] = field(default_factory=list)
    refusals: list[work.BidRefused] = field(default_factory=list)
    awards: list[course.WorkAwarded] = field(default_factory=list)
    sample: Sample | None = None
    measurements: list[Measurement] = field(default_factory=list)
    observations: dict[str, Observation] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    retracted: dict[str, str] = field(default_factory=dict)
    steps: set[int] = field(default_factory=set)
    failure: str = ""

    @property
    def id(self) -> str:
        """The sample's id."""
        return self.proposed.sample

    @property
    def made_values(self) -> dict[str, float] | None:
        """What was made, as the instruments reported it; None where nothing was."""
        return dict(self.sample.made.values) if self.sample is not None else None

    @property
    def conclusions(self) -> dict[str, tuple[float, float]]:
        """Value and standard deviation of every property that was read."""
        return {name: (seen.value, seen.deviation) for name, seen in self.observations.items()}

    def quantity(self, name: str) -> Quantity | None:
        """A property that was read, or the target's objective; None where it is not known."""
        parameter = self.target.parameter
        if name == self.target.property and parameter is not None:
            if self.sample is None:
                return None
            made = self.sample.made
            return Quantity(made.values[parameter], made.deviations.get(parameter, 0.0), self.target.unit)
        seen = self.observations.get(name)
        return None if seen is None else Quantity(seen.value, seen.deviation, seen.unit)

    @property
    def objective(self) -> Quantity | None:
        """What the target asks for: as measured, or the parameter as made."""
        return self.quantity(self.target.property)

    @property
    def chance(self) -> float:
        """The joint probability that every constraint holds; what was not read meets none."""
        return joint_chance(self.target, self.conclusions)

    @property
    def n_met(self) -> int:
        """How many constraints the values that were read meet, whatever their deviations."""
        return sum(
            c.property in self.observations and c.is_met_by(self.observations[c.property].value)
            for c in self.target.constraints
        )

    @property
    def is_observed(self) -> bool:
        """Whether any property of it is known."""
        return bool(self.observations)

    @property
    def is_hit(self) -> bool:
        """Whether all constraints hold with the target's confidence; without constraints, whether it was measured."""
        return self.is_observed and self.objective is not None and is_hit(self.target, self.conclusions)

    @property
    def missing(self) -> dict[str, str]:
        """Properties that the target wants and that could not be read, each with its reason."""
        return {name: why for name, why in self.unread.items() if name not in self.observations}

    @property
    def analyses(self) -> list[str]:
        """What concluded its properties: each analysis with its version, once."""
        return list(dict.fromkeys(f"{o.analysis} {o.version}" for o in self.observations.values()))

    @property
    def outcome(self) -> str:
        """One word for people."""
        if self.retracted:
            return "retracted"
        if self.failure and not self.is_observed:
            return "failed"
        if self.is_observed:
            return "observed"
        return "made" if self.sample is not None else "not made"
