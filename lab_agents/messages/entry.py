"""One record in the log: its envelope, the registry of kinds, reading and writing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, Field, SerializeAsAny, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from lab_agents.errors import MessageError, OversizedError
from lab_agents.records.base import Identifier, Record

MAX_ENTRY_BYTES = 64 * 1024
"""Larger records belong in a blob; both brokers carry 64 KiB and the page limit of 256 KiB holds four."""

Position = Annotated[int, Field(ge=0, lt=2**63)]
"""A position, epoch or sequence: JSON has no largest integer, a column of the store has."""

_ID: TypeAdapter[Identifier] = TypeAdapter(Identifier)

Publisher = Literal["agent", "worker", "planning", "analysis", "training", "supervision", "recorder", "person"]


class Body(Record):
    """What an entry says. Each subclass is one kind, named after the class, owned by one role."""


@dataclass(frozen=True)
class Kind:
    """A kind of entry: its name, present version, the role that may publish it, the models of all versions."""

    name: str
    version: int
    publisher: Publisher
    models: dict[int, type[Body]]
    upcasts: dict[int, Callable[[dict[str, Any]], dict[str, Any]]]


KINDS: dict[str, Kind] = {}

B = TypeVar("B", bound=type[Body])


def kind(
    publisher: Publisher,
    version: int = 1,
    earlier: dict[int, type[Body]] | None = None,
    upcasts: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] | None = None,
) -> Callable[[B], B]:
    """Register a body as a kind. `upcasts[v]` turns a record of version v into one of version v + 1."""

    def register(model: B) -> B:
        KINDS[model.__name__] = Kind(
            model.__name__, version, publisher, {**(earlier or {}), version: model}, upcasts or {}
        )
        return model

    return register


class Entry(Record):
    """One thing that matters, as its author wrote it; the recorder adds log, position and chain around it.

    `id` is derived: `source/position of the cause/ordinal`. `at` is laboratory time. `cause` is the position of the
    entry that led to this one. `not_after` is the laboratory time after which it must not be acted on: what reaches the
    recorder later is refused.
    """

    id: Identifier
    kind: str
    schema_version: int = Field(ge=1)
    at: AwareDatetime
    campaign: str | None = None
    subject: str
    cause: Position | None = None
    not_after: AwareDatetime | None = None
    record: SerializeAsAny[Body]

    def same_as(self, other: "Entry") -> bool:
        """Whether both are the same decision: everything but `at` is equal."""
        return self.model_copy(update={"at": other.at}) == other

    def to_bytes(self) -> bytes:
        """The entry as JSON, the bytes that are stored and hashed.

        Raises:
            OversizedError: If it is larger than the protocol carries.
        """
        data = self.model_dump_json().encode()
        if len(data) > MAX_ENTRY_BYTES:
            raise OversizedError(
                f"{self.kind} {self.id} has {len(data)} bytes; an entry holds {MAX_ENTRY_BYTES}. "
                "Put raw data in a blob."
            )
        return data


class Envelope(Record):
    """An entry whose record is not looked at: enough to route it, or to say who sent what cannot be read."""

    id: Identifier
    kind: str
    schema_version: int = Field(ge=1)
    at: AwareDatetime
    campaign: str | None = None
    subject: str
    cause: Position | None = None
    not_after: AwareDatetime | None = None


def read_entry(data: bytes, *, stored: bool = False) -> Entry:
    """Read an entry strictly.

    Args:
        data: JSON bytes, at most `MAX_ENTRY_BYTES`.
        stored: Read by the model of its own version and lift it to the present one; offered entries must be present.

    Raises:
        OversizedError: If there are too many bytes.
        MessageError: If it is not JSON, of unknown kind or version, or its record does not validate.
    """
    if len(data) > MAX_ENTRY_BYTES:
        raise OversizedError(f"an entry of {len(data)} bytes; the protocol carries {MAX_ENTRY_BYTES}")
    try:
        raw = from_json(data, allow_inf_nan=False)
        if not isinstance(raw, dict):
            raise MessageError(f"an entry is a JSON object, not {type(raw).__name__}")
        record = raw.pop("record", None)
        envelope = Envelope.model_validate_json(to_json(raw))
        return Entry.model_construct(
            **{name: getattr(envelope, name) for name in Envelope.model_fields}
            | {"record": _read_body(envelope, record, stored=stored), "schema_version": KINDS[envelope.kind].version}
        )
    except (ValidationError, ValueError) as error:
        raise MessageError(f"not an entry: {error}") from error


def read_kind(data: bytes) -> str:
    """The kind of a stored entry, whose record is not looked at.

    Raises:
        MessageError: If it is not JSON, or of a kind or version that this software does not know.
    """
    try:
        raw = from_json(data, allow_inf_nan=False)
        kind, version, entry_id = raw["kind"], raw["schema_version"], raw["id"]
        known = KINDS.get(kind)
    except (ValueError, TypeError, KeyError) as error:
        raise MessageError(f"not an entry: {error!r}") from error
    if known is None:
        raise MessageError(f"kind {kind!r} of entry {entry_id} is unknown to this version")
    if version not in known.models:
        raise MessageError(f"{kind} {entry_id} has schema version {version}; this version writes {known.version}")
    return known.name


def find_id(data: bytes) -> Identifier | None:
    """The id of an entry that may be unreadable otherwise, or None where not even that can be told."""
    try:
        return _ID.validate_python(from_json(data)["id"])
    except (ValueError, TypeError, KeyError):
        return None


def _read_body(envelope: Envelope, record: object, *, stored: bool) -> Body:
    known = KINDS.get(envelope.kind)
    if known is None:
        raise MessageError(f"kind {envelope.kind!r} of entry {envelope.id} is unknown to this version")
    version = envelope.schema_version
    if version not in known.models or (version != known.version and not stored):
        raise MessageError(
            f"{envelope.kind} {envelope.id} has schema version {version}; this version writes {known.version}"
        )
    body = known.models[version].model_validate_json(to_json(record))
    while version < known.version:
        lifted = known.upcasts[version](body.model_dump(mode="json"))
        version += 1
        body = known.models[version].model_validate_json(to_json(lifted))
    return body
