"""What travels: submitted frames, logged entries, questions and answers, statuses."""

import hashlib
from collections.abc import Sequence
from typing import Literal

from pydantic import AwareDatetime, Field, ValidationError

from lab_agents.errors import MessageError
from lab_agents.messages.entry import Entry, Position, read_entry
from lab_agents.records.base import FrozenMap, Name, Record, Sha256
from lab_agents.records.motion import Motion

MAX_PAGE_BYTES = 256 * 1024
"""A page stays well under the 1 MiB payload limit of the embedded broker."""


class Header(Record):
    """The first line of a submitted frame; stamped at each sending."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,79}$")
    epoch: Position
    sequence: Position = Field(ge=1)


class Seal(Record):
    """The first line of a logged entry: what the recorder adds.

    `chain` is the sha256 (hexadecimal) of the previous chain's 64 ASCII characters followed by the entry's bytes; the
    chain before position 1 is 64 zeros. `recorded_at` is wall time.
    """

    log: str
    position: int = Field(ge=1)
    chain: str = Field(pattern=r"^[0-9a-f]{64}$")
    source: str
    epoch: int
    sequence: int
    recorded_at: AwareDatetime


GENESIS = "0" * 64


def chain_after(chain: str, data: bytes) -> str:
    """The chain after an entry: sha256 of the previous chain's ASCII digits followed by the entry's bytes."""
    return hashlib.sha256(chain.encode() + data).hexdigest()


class Logged(Record):
    """An entry with its place in the log."""

    seal: Seal
    entry: Entry

    @property
    def position(self) -> int:
        """The entry's position."""
        return self.seal.position


class Passed(Record):
    """The place in the log, and the kind, of an entry whose record does not concern its reader."""

    seal: Seal
    kind: str

    @property
    def position(self) -> int:
        """The entry's position."""
        return self.seal.position


def pack(first_line: Record, payload: bytes) -> bytes:
    """One JSON line, then the payload as it is."""
    return first_line.model_dump_json().encode() + b"\n" + payload


def unpack_frame(data: bytes) -> tuple[Header, bytes]:
    """Split a submitted frame.

    Raises:
        MessageError: If the first line is no header.
    """
    line, _, payload = data.partition(b"\n")
    try:
        return Header.model_validate_json(line), payload
    except ValidationError as error:
        raise MessageError(f"not a frame: {error}") from error


def unpack_logged(data: bytes) -> Logged:
    """Read a logged entry with the model of its stored version.

    Raises:
        MessageError: If it is none.
    """
    return read_logged(*unpack_sealed(data))


def read_logged(seal: Seal, payload: bytes) -> Logged:
    """Read the entry under a seal with the model of its stored version.

    Raises:
        MessageError: If it is none.
    """
    return Logged.model_construct(seal=seal, entry=read_entry(payload, stored=True))


def unpack_sealed(data: bytes) -> tuple[Seal, bytes]:
    """Split a logged entry into its seal and the bytes that the chain covers.

    Raises:
        MessageError: If the first line is no seal.
    """
    line, _, payload = data.partition(b"\n")
    try:
        return Seal.model_validate_json(line), payload
    except ValidationError as error:
        raise MessageError(f"not a logged entry: {error}") from error


class Question(Record):
    """Asked on `read/<source>`: a birth with the journal's last sequence and epoch, or a page after a position."""

    ask: Literal["birth", "page"]
    number: Position
    source: str
    epoch: Position
    after: Position = 0
    sequence: Position = 0
    last_epoch: Position = 0
    limit: int | None = None


class Answer(Record):
    """The first line of what comes back on `page/<source>`.

    A `birth` gives the source's last sequence and the epoch given out before this one. `known` says that the frame
    under `sequence` stands in the log already, at position `first`. A `page` is followed by `count` logged entries,
    each preceded by its length in ASCII digits and a newline. `resend` asks for frames from `sequence` on. `exit`
    tells a process of an older epoch to end.
    """

    answer: Literal["birth", "page", "resend", "known", "exit"]
    number: int
    log: str
    epoch: int = 0
    head: int = 0
    first: int = 0
    last: int = 0
    count: int = 0
    sequence: int = 0
    last_epoch: int = 0
    recorder: int = 0


def pack_page(answer: Answer, sealed: Sequence[bytes]) -> bytes:
    """An answer followed by logged entries, each preceded by its length in ASCII digits and a newline."""
    return pack(answer, b"".join(b"%d\n%s" % (len(one), one) for one in sealed))


def unpack_page(data: bytes) -> tuple[Answer, list[bytes]]:
    """Split what came on `page/<source>`.

    Raises:
        MessageError: If it is no answer, or its entries are cut short.
    """
    line, _, rest = data.partition(b"\n")
    try:
        answer = Answer.model_validate_json(line)
        sealed = []
        for _number in range(answer.count):
            length, _, rest = rest.partition(b"\n")
            one, rest = rest[: int(length)], rest[int(length) :]
            if len(one) != int(length):
                raise MessageError("a page that is cut short")
            sealed.append(one)
    except ValueError as error:
        raise MessageError(f"not an answer: {error}") from error
    return answer, sealed


class Head(Record):
    """Published by the recorder every 0.5 s, and when it begins or ends refusing; an entry tells a new head by itself.

    `refusing` says why nothing is appended.

    `dead_letters` counts what this recorder was sent and nobody can be told of, because it names no source;
    `dead_letter` is the blob of the last one.
    """

    log: str
    position: int
    chain: str
    recorder: int
    refusing: str | None = None
    dead_letters: int = 0
    dead_letter: Sha256 | None = None


class AgentStatus(Record):
    """How an agent stands: retained and every 0.5 s on one topic, at once on another for whoever waits for its rest.

    `owed` names what the agent still owes (computing jobs, motions not yet started, open bid windows), so that the
    simulated clock waits for it; `waits` are reasons shown to people, by subject. `alive` is False in the last will.
    `follows` are the kinds of entries that may make the agent act, beside its own; `partakes` are those that do only
    where they are about reserved work in which it takes part. Any other entry changes nothing of what its last status
    said. Both are told with each beat. `withheld` are tasks that a pause keeps between two acts, with the laboratory
    time at which the last one ended (None before the first). What only people read (`activity`, `waits`, `withheld`)
    comes with the beat alone.
    """

    agent: str
    epoch: int
    log: str = ""
    position: int = 0
    outbox: int = 0
    alive: bool = True
    owed: tuple[str, ...] = ()
    motions: tuple[Motion, ...] = ()
    next_timer: AwareDatetime | None = None
    activity: str = ""
    waits: FrozenMap[str, str] = Field(default_factory=dict)
    stuck: str | None = None
    pid: int = 0
    follows: tuple[str, ...] = ()
    withheld: FrozenMap[str, AwareDatetime | None] = Field(default_factory=dict)
    partakes: tuple[str, ...] = ()

    @property
    def owes_nothing(self) -> bool:
        """Whether a simulated clock need not wait for this agent, as far as it knows the log."""
        return not self.owed and not self.outbox and not self.stuck


class InstrumentState(Record):
    """What a guard knows of one instrument after a stop."""

    state: Literal["not asked", "safe at", "not confirmed", "unreachable"]
    at: AwareDatetime | None = None
    detail: str = ""


class StopRequest(Record):
    """Retained on `stop`; `id` names it for ever, a re-armed id is ignored."""

    id: str
    person: str
    reason: str
    at: AwareDatetime


class Rearm(Record):
    """A person let a machine start its instruments again after the stop `stop`.

    `request` is that stop, so that one lifted before supervision heard of it still reaches the log.
    """

    stop: str
    person: str
    reason: str
    at: AwareDatetime
    request: StopRequest | None = None


class GuardStatus(Record):
    """How a machine stands: its children by role and pid, the latch, what each instrument confirmed.

    `latched` is the id of the oldest stop in force; `stops` are all of them, `rearms` the last ones lifted (supervision
    enters both). `lost` are children silent for more than 2 s; `held` children that a person must release, by reason.
    `failing` are children that ended again and again within the last minute, with how and their last words.
    `draining` says what an orderly end still waits for. `drilled` is the last drill after which every instrument of the
    machine was confirmed safe.
    """

    machine: Name
    epoch: int
    pid: int
    alive: bool = True
    latched: str | None = None
    children: FrozenMap[str, int] = Field(default_factory=dict)
    held: FrozenMap[str, str] = Field(default_factory=dict)
    failing: FrozenMap[str, str] = Field(default_factory=dict)
    instruments: FrozenMap[str, InstrumentState] = Field(default_factory=dict)
    stops: tuple[StopRequest, ...] = ()
    rearms: tuple[Rearm, ...] = ()
    lost: tuple[str, ...] = ()
    draining: str | None = None
    drilled: StopRequest | None = None


class Permit(Record):
    """Supervision's word that motions may start; repeated every 0.5 s, lost after 2 s."""

    number: int
    granted: bool = True


class Tick(Record):
    """The laboratory clock of a simulated lab: `number` grows with each jump; `held_by` says why it stands."""

    now: AwareDatetime
    number: int
    speed: float | None = None
    held_by: str = ""


class Telemetry(Record):
    """What one instrument showed at one laboratory time, for people to look at.

    `read_at` is wall time. Unchanged readings are not repeated at once, but within `within` seconds of wall time: what
    is older than that is stale. `trouble` says why an instrument could not be read; `readings` is empty then.
    """

    instrument: Name
    at: AwareDatetime
    readings: FrozenMap[str, float]
    units: FrozenMap[str, str] = Field(default_factory=dict)
    read_at: AwareDatetime | None = None
    within: float = 0.0
    trouble: str = ""
