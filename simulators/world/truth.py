"""What is true of a film, and what it is worth: the judge of campaigns."""

from dataclasses import dataclass

from lab_agents.records.target import Constraint, Target

REACHED_LEAD = 0.50
"""A campaign has reached its target with the first feasible sample of no more lead than this."""

ABSORBER = Target(
    property="lead",
    direction="minimize",
    parameter="pb",
    constraints=(
        Constraint(property="gap", lower=1.33, upper=1.37, unit="eV"),
        Constraint(property="perovskite_fraction", lower=0.95),
        Constraint(property="gap_shift", lower=-0.02, upper=0.02, unit="eV"),
        Constraint(property="kept", lower=0.90),
    ),
)
"""The least lead of a photovoltaic absorber of 1.35 eV that is phase-pure and photostable."""


@dataclass(frozen=True)
class Truth:
    """The properties of a film as it was made, without noise.

    Attributes:
        gap: eV; None where the film has none.
        perovskite_fraction: Volume share of the black perovskite.
        gap_shift: Gap after the standard soak less the gap before, eV; None where there is no gap.
        kept: Share of the absorbance that the standard soak leaves.
        lead: Share of lead on the B site.
        sheet_resistance: ohm per square.
    """

    gap: float | None
    perovskite_fraction: float
    gap_shift: float | None
    kept: float
    lead: float
    sheet_resistance: float

    def value(self, name: str) -> float | None:
        """A property by its name in a target; None where this film has none or no such property exists."""
        value: float | None = getattr(self, name, None)
        return value


def is_feasible(truth: Truth, target: Target) -> bool:
    """Whether a film meets every constraint of `target`; a property that it does not have meets none."""
    values = [(constraint, truth.value(constraint.property)) for constraint in target.constraints]
    return all(value is not None and constraint.is_met_by(value) for constraint, value in values)


def utility(truth: Truth, target: Target) -> float:
    """What a film is worth: 1 - lead if it is feasible, else 0."""
    return 1.0 - truth.lead if is_feasible(truth, target) else 0.0


def is_reached(truth: Truth, target: Target, lead: float = REACHED_LEAD) -> bool:
    """Whether a film is feasible with no more than `lead`."""
    return is_feasible(truth, target) and truth.lead <= lead


def regret(truths: list[Truth], target: Target, best: float) -> float:
    """How far the best of some films stays behind `best`, the utility of the world's optimum; `best` of no film."""
    return best - max((utility(truth, target) for truth in truths), default=0.0)
