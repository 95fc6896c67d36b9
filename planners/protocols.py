"""What a planner is: observations in, candidates out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from lab_agents.records.space import Candidate, DesignSpace
from lab_agents.records.target import Target


@dataclass(frozen=True)
class Outcome:
    """What a property was found to be, with one standard deviation, in the unit that the target gives it."""

    value: float
    deviation: float


@dataclass(frozen=True)
class Learned:
    """One sample as planners see it: inputs as made, and what was found of each property.

    `missing` are properties that could not be read although it was tried; what is in neither has not been measured.
    """

    sample: str
    values: tuple[float, ...]
    outcomes: Mapping[str, Outcome]
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Refused:
    """A candidate that no bidder can make, as asked: feasibility data, never a number."""

    values: tuple[float, ...]
    refused_by: tuple[str, ...]


@dataclass(frozen=True)
class Ask:
    """The whole question put to a planner; equal questions get equal answers, bit for bit, on one machine.

    `observations` are sorted by sample. `pending` are candidates in the making, as asked, `made` all candidates ever
    proposed (they are not proposed again). `pool` holds the candidates that exist, one row a candidate in the order of
    the space's parameters, or None where the space is continuous. `checkpoint` is a trained surrogate (see
    `planners.checkpoints`) or None. `number` counts the campaign's proposals from 1 and keys, with the seed, every
    random draw.
    """

    target: Target
    space: DesignSpace
    observations: tuple[Learned, ...]
    pending: tuple[tuple[float, ...], ...]
    made: tuple[tuple[float, ...], ...]
    refused: tuple[Refused, ...]
    pool: tuple[tuple[float, ...], ...] | None
    checkpoint: bytes | None
    n: int
    initial: int
    seed: int
    number: int = 1


@dataclass(frozen=True)
class Scored:
    """A candidate with its acquisition value and the prediction behind it (target's unit); None where there is none.

    `predictions` are what each property of the sample is expected to be.
    """

    candidate: Candidate
    acquisition: float | None = None
    mean: float | None = None
    deviation: float | None = None
    predictions: Mapping[str, Outcome] = field(default_factory=dict)


class Planner(Protocol):
    """Proposes candidates. Pure: a seed, no clock, no bus, no files."""

    name: str

    def propose(self, ask: Ask) -> Sequence[Scored]:
        """Up to `ask.n` candidates inside the space, none of them in `made` where a pool is given.

        Fewer, or none, where the space is exhausted.
        """
        ...


@dataclass(frozen=True)
class Checkpoint:
    """A trained surrogate as data: JSON and tensors, never pickle; `held_out` as in `TrainedModel`."""

    data: bytes
    held_out: float | None


@runtime_checkable
class Retrainer(Protocol):
    """Trains the surrogate that a planner asks with."""

    name: str

    def retrain(self, ask: Ask) -> Checkpoint:
        """Train on `ask.observations` (the rest of the question gives target, space and seed)."""
        ...
