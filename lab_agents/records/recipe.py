"""How one sample is made or measured: steps handed to owners, each a list of acts."""

import hashlib
from functools import lru_cache

from pydantic import AwareDatetime, Field, model_validator

from lab_agents.records.base import FrozenMap, Identifier, Name, Record, Sha256, Token
from lab_agents.records.failure import FailurePolicy, TaskKind
from lab_agents.records.quantities import Seconds

Argument = float | int | str

LAST_ATTEMPT = 255
"""A token has eight bits for the attempt: nothing is begun more often than 256 times."""
_ACT_DIGITS = 14
"""Hexadecimal digits of a token that name its act: 56 bits, of which a million acts share none (odds 1 to 100,000)."""


_UNSAID = FailurePolicy()


@lru_cache(4096)
def token_of(task: Identifier, act: int, attempt: int = 0) -> Token:
    """The token of a task's act number `act`: 56 bits of the sha256 of task and act, then 8 bits of attempt."""
    named = hashlib.sha256(f"{task}/{act}".encode()).hexdigest()[:_ACT_DIGITS]
    return f"{named}{attempt:02x}"


def act_of(token: Token) -> str:
    """What a token says of the act whatever the attempt: what a simulated instrument keys its draws by."""
    return token[:_ACT_DIGITS]


class Act(Record):
    """One short Bluesky plan with exactly one actuation and the reads around it.

    `plan` is a name in the plan table of `instruments.plans`; `arguments` are its keyword arguments. With `at`, the
    role of a reserved place, the act is one of the instrument of whichever place is granted; `instrument` is then one
    like it. `places` are further arguments: each is the place granted for a role. A task has both filled in.
    """

    instrument: Name
    plan: Name
    arguments: FrozenMap[str, Argument] = Field(default_factory=dict)
    at: Name | None = None
    places: FrozenMap[str, Name] = Field(default_factory=dict)

    @property
    def roles(self) -> frozenset[str]:
        """Roles of the reserved places that it needs."""
        return frozenset((*self.places.values(), *((self.at,) if self.at is not None else ())))


class Transfer(Record):
    """Carry the sample from one reserved place to another; places are named by their role in the reservation."""

    source: Name
    target: Name


class Step(Record):
    """One step handed to one owner: either acts that are known, or a transfer between reserved places.

    `max_wait` is the longest laboratory time between the end of the step before and the start of this one: a step that
    comes too late fails instead. `holds` are roles of places that the step needs although none of its acts names them.
    A step that `may_repeat` draws nothing and leaves the sample where it stands: a person may have it done once more.

    Where `on_failure` is None the bidder fills in what the lab file says of the step's kind before it bids.
    """

    name: Name
    owner: Name
    acts: tuple[Act, ...] = ()
    transfer: Transfer | None = None
    kind: TaskKind = "other"
    on_failure: FailurePolicy | None = None
    max_wait: Seconds | None = None
    holds: tuple[Name, ...] = ()
    may_repeat: bool = False

    @property
    def task_kind(self) -> TaskKind:
        """Its kind; a transfer is one whatever it says."""
        return "transfer" if self.transfer is not None else self.kind

    @property
    def policy(self) -> FailurePolicy:
        """What follows its failure; nothing is tried again for which nobody said so."""
        return self.on_failure or _UNSAID

    @property
    def roles(self) -> frozenset[str]:
        """Roles of the reserved places that it needs."""
        carried = () if self.transfer is None else (self.transfer.source, self.transfer.target)
        return frozenset((*carried, *self.holds)).union(*(act.roles for act in self.acts))

    @model_validator(mode="after")
    def _check_one_of(self) -> "Step":
        if bool(self.acts) == (self.transfer is not None):
            raise ValueError(f"step {self.name} needs either acts or a transfer")
        return self


class Need(Record):
    """One place that a piece of work must hold: a named place, or any free one of a kind."""

    role: Name
    place: Name | None = None
    kind: Name | None = None

    @model_validator(mode="after")
    def _check_one_of(self) -> "Need":
        if (self.place is None) == (self.kind is None):
            raise ValueError(f"need {self.role} names either a place or a kind of place")
        return self


class Recipe(Record):
    """Ordered steps that make or measure one sample, and the places they need together."""

    steps: tuple[Step, ...] = Field(min_length=1)
    needs: tuple[Need, ...] = ()

    def done_with(self, step: int) -> frozenset[str]:
        """Roles that some step before `step` named and none from it on does: their places are given back."""
        named = frozenset[str]().union(*(s.roles for s in self.steps[:step]))
        return named.difference(*(s.roles for s in self.steps[step:]))


class Task(Record):
    """One step of accepted work, with its places filled in: what one owner carries out.

    `id` is `work/step`: it does not change with attempts, and the tokens of its acts derive from it. An attempt after
    the first, which is made only where nothing may be done twice by it, has tokens of its own.
    """

    id: Identifier
    work: Identifier
    sample: Identifier
    step: int = Field(ge=0)
    name: Name
    owner: Name
    acts: tuple[Act, ...] = Field(min_length=1)
    attempt: int = Field(default=0, ge=0, le=LAST_ATTEMPT)
    not_after: AwareDatetime | None = None

    def token(self, act: int) -> Token:
        """The token of act number `act` in this attempt; see `token_of`."""
        return token_of(self.id, act, self.attempt)

    @property
    def instruments(self) -> tuple[Name, ...]:
        """The instruments of its acts, in alphabetical order."""
        return tuple(sorted({act.instrument for act in self.acts}))

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens of all acts, in order."""
        return tuple(self.token(number) for number in range(len(self.acts)))


class ActResult(Record):
    """What one act brought back: readings by name, the Bluesky run's uid, laboratory times, blobs.

    `blobs` holds `documents` (the run's Bluesky documents, JSON lines) and, for a measuring act, `raw`.
    """

    act: int = Field(ge=0)
    token: Token
    run: str
    readings: FrozenMap[str, float | int | str] = Field(default_factory=dict)
    blobs: FrozenMap[str, Sha256] = Field(default_factory=dict)
    started_at: AwareDatetime
    ended_at: AwareDatetime
