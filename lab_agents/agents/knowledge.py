"""What a campaign has learned, as planning and training both follow it from the log."""

from collections.abc import Iterable, Mapping

from pydantic import Field, TypeAdapter

from lab_agents.messages.course import MeasurementConcluded, ObservationMade, ObservationRetracted
from lab_agents.messages.entry import Body
from lab_agents.records.base import FrozenMap, Record, with_item
from lab_agents.records.control import is_control
from lab_agents.records.observation import Observation, Unread

_OBSERVATIONS = TypeAdapter(tuple[Observation, ...])
_UNREAD = TypeAdapter(tuple[Unread, ...])
KNOWLEDGE_KINDS = frozenset({"ObservationMade", "MeasurementConcluded", "ObservationRetracted"})


class Knowledge(Record):
    """Observations and unread properties of a campaign by `sample/property`; the last word on a property counts.

    They are kept as JSON: a campaign's observations are the one thing that must be carried along as long as it is open,
    and as text they take a tenth of the memory that records take.
    """

    observations: FrozenMap[str, str] = Field(default_factory=dict)
    unread: FrozenMap[str, str] = Field(default_factory=dict)

    @property
    def in_order(self) -> tuple[Observation, ...]:
        """The observations by sample and property: an order that does not depend on arrival."""
        return _OBSERVATIONS.validate_json(as_list(self.observations))

    @property
    def unread_in_order(self) -> tuple[Unread, ...]:
        """The unread properties by sample and property."""
        return _UNREAD.validate_json(as_list(self.unread))

    def lists(self) -> dict[str, str]:
        """Both, in order, as JSON lists: for questions, which name all that a campaign knows."""
        return {"observations": as_list(self.observations), "unread": as_list(self.unread)}

    def has_observed(self, sample: str) -> bool:
        """Whether any property of the sample is known."""
        return any(key.rpartition("/")[0] == sample for key in self.observations)


def follow_knowledge(known: Knowledge, body: Body) -> Knowledge:
    """The knowledge after an entry of its campaign; control films tell of the laboratory, not of materials."""
    match body:
        case ObservationMade(observation=seen) if is_control(seen.sample):
            return known
        case MeasurementConcluded(sample=sample) if is_control(sample):
            return known
        case ObservationMade(observation=seen):
            told = with_item(known.observations, _key(seen), seen.model_dump_json())
            return known.model_copy(update={"observations": told})
        case MeasurementConcluded() if body.unread:
            unread = {**known.unread, **{_key(u): u.model_dump_json() for u in body.unread}}
            return known.model_copy(update={"unread": unread})
        case ObservationRetracted():
            gone = (body.sample, body.measurement)
            return Knowledge(
                observations=_told(o for o in known.in_order if (o.sample, o.measurement) != gone),
                unread=_told(u for u in known.unread_in_order if (u.sample, u.measurement) != gone),
            )
        case _:
            return known


def _told(records: Iterable[Observation | Unread]) -> dict[str, str]:
    return {_key(one): one.model_dump_json() for one in records}


def as_list(told: Mapping[str, str]) -> str:
    """JSON texts as one JSON list, in the order of their keys."""
    return f"[{','.join(text for _, text in sorted(told.items()))}]"


def fill_in(question: Record, lists: Mapping[str, str]) -> str:
    """A question as JSON with these lists in the place of its own, which are empty.

    Reading a thousand observations only to write them again would take seconds over a campaign, and ten megabytes.
    """
    text = question.model_dump_json()
    for name, told in lists.items():
        # Inside a JSON string the quotes would be escaped, so this is the field itself.
        text = text.replace(f'"{name}":[]', f'"{name}":{told}', 1)
    return text


def _key(of: Observation | Unread) -> str:
    return f"{of.sample}/{of.property}"
