"""What a campaign has learned, as planning and training both follow it from the log."""

from pydantic import Field

from lab_agents.messages.course import MeasurementConcluded, ObservationMade, ObservationRetracted
from lab_agents.messages.entry import Body
from lab_agents.records.base import FrozenMap, Record, with_item
from lab_agents.records.control import is_control
from lab_agents.records.observation import Observation, Unread

KNOWLEDGE_KINDS = frozenset({"ObservationMade", "MeasurementConcluded", "ObservationRetracted"})


class Knowledge(Record):
    """Observations and unread properties of a campaign by `sample/property`; the last word on a property counts."""

    observations: FrozenMap[str, Observation] = Field(default_factory=dict)
    unread: FrozenMap[str, Unread] = Field(default_factory=dict)

    @property
    def in_order(self) -> tuple[Observation, ...]:
        """The observations by sample and property: an order that does not depend on arrival."""
        return tuple(o for _, o in sorted(self.observations.items()))

    @property
    def unread_in_order(self) -> tuple[Unread, ...]:
        """The unread properties by sample and property."""
        return tuple(u for _, u in sorted(self.unread.items()))

    def has_observed(self, sample: str) -> bool:
        """Whether any property of the sample is known."""
        return any(o.sample == sample for o in self.observations.values())


def follow_knowledge(known: Knowledge, body: Body) -> Knowledge:
    """The knowledge after an entry of its campaign; control films tell of the laboratory, not of materials."""
    match body:
        case ObservationMade(observation=seen) if is_control(seen.sample):
            return known
        case MeasurementConcluded(sample=sample) if is_control(sample):
            return known
        case ObservationMade(observation=seen):
            return known.model_copy(update={"observations": with_item(known.observations, _key(seen), seen)})
        case MeasurementConcluded():
            unread = {**known.unread, **{_key(u): u for u in body.unread}}
            return known.model_copy(update={"unread": unread})
        case ObservationRetracted():
            gone = (body.sample, body.measurement)
            return Knowledge(
                observations={k: o for k, o in known.observations.items() if (o.sample, o.measurement) != gone},
                unread={k: u for k, u in known.unread.items() if (u.sample, u.measurement) != gone},
            )
        case _:
            return known


def _key(of: Observation | Unread) -> str:
    return f"{of.sample}/{of.property}"
