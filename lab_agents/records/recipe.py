"""How one sample is made or measured: steps handed to owners, each a list of acts."""

import hashlib
from typing import Literal

from pydantic import AwareDatetime, Field, model_validator

from lab_agents.records.base import FrozenMap, Identifier, Name, Record, Sha256, Token

Argument = float | int | str


class Act(Record):
    """One short Bluesky plan with exactly one actuation and the reads around it.

    `plan` is a name in the plan table of `instruments.plans`; `arguments` are its keyword arguments.
    """

    instrument: Name
    plan: Name
    arguments: FrozenMap[str, Argument] = Field(default_factory=dict)


class Transfer(Record):
    """Carry the sample from one reserved place to another; places are named by their role in the reservation."""

    source: Name
    target: Name


class FailurePolicy(Record):
    """What happens when a step fails: `skip` goes on with the next step, everything else quarantines the sample.

    What certainly did not start is tried again whatever the policy; `retry`, `ask` and `abort` act like `quarantine`.
    """

    action: Literal["retry", "skip", "quarantine", "ask", "abort"] = "quarantine"
    retries: int = Field(default=0, ge=0, le=10)


class Step(Record):
    """One step handed to one owner: either acts that are known, or a transfer between reserved places."""

    name: Name
    owner: Name
    acts: tuple[Act, ...] = ()
    transfer: Transfer | None = None
    on_failure: FailurePolicy = FailurePolicy()

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


class Task(Record):
    """One step of accepted work, with its places filled in: what one owner carries out.

    `id` is `work/step`: it does not change with attempts, and the tokens of its acts derive from it.
    """

    id: Identifier
    work: Identifier
    sample: Identifier
    step: int = Field(ge=0)
    name: Name
    owner: Name
    acts: tuple[Act, ...] = Field(min_length=1)

    def token(self, act: int) -> Token:
        """The token of act number `act`: the first 64 bits of the sha256 of task and act."""
        return hashlib.sha256(f"{self.id}/{act}".encode()).hexdigest()[:16]

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
