"""What every simulated instrument has in common: programs with tokens, a fence, one program at a time."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from lab_agents.records.recipe import act_of
from simulators.errors import ErrorNumber, RefusedError
from simulators.faults import Faults
from simulators.ledger import Detail
from simulators.world.draws import Draws
from simulators.world.things import Things
from simulators.world_state import Begin, Program, TokenState, WorldState

_log = logging.getLogger(__name__)

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
"""The laboratory time of an order that was given none: where lab files begin unless they say otherwise."""


@dataclass(frozen=True)
class Order:
    """A start as it came off the wire: token (16 hexadecimal digits), epoch, command, arguments by name.

    `at` is the laboratory time at which the instrument answers it.
    """

    token: str
    epoch: int
    command: str
    arguments: Mapping[str, float | int | str] = field(default_factory=dict)
    at: datetime = BEGINNING

    @property
    def key(self) -> str:
        """What its draws are keyed by: the act, whatever the attempt."""
        return act_of(self.token)

    def number(self, name: str) -> float:
        """The argument `name` as a number.

        Raises:
            RefusedError: With *limit*, if it is missing or no number.
        """
        value = self.arguments.get(name)
        if value is None or isinstance(value, str):
            raise RefusedError(ErrorNumber.LIMIT, f"{self.command} needs the number {name}, not {value!r}")
        return float(value)

    def text(self, name: str) -> str:
        """The argument `name` as text.

        Raises:
            RefusedError: With *limit*, if it is missing or no text.
        """
        value = self.arguments.get(name)
        if not isinstance(value, str):
            raise RefusedError(ErrorNumber.LIMIT, f"{self.command} needs the text {name}, not {value!r}")
        return value


@dataclass(frozen=True)
class Span:
    """The hardware's inclusive limits of a set-point."""

    lower: float
    upper: float

    def check(self, quantity: str, value: float) -> None:
        """Refuse what lies outside, also what is no number.

        Raises:
            RefusedError: With *limit*.
        """
        if not self.lower <= value <= self.upper:
            raise RefusedError(ErrorNumber.LIMIT, f"{quantity} {value:g} is outside {self.lower:g} to {self.upper:g}")


@dataclass(frozen=True)
class Prepared:
    """What a program will do: its ledger action and details, its duration in seconds of laboratory time."""

    action: str
    details: Mapping[str, Detail]
    duration: float


class Model(Protocol):
    """One instrument's physics: what an order would do to the things that stand there."""

    @property
    def limits(self) -> Mapping[str, Span]:
        """The hardware's limits as delivered, by set-point."""
        ...

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """What the order will do.

        Raises:
            RefusedError: With *limit* or *blocked*; nothing moves then.
        """
        ...


Record = Mapping[str, float | Sequence[float]]
"""What a measuring instrument holds of a program that is done: numbers and lists of numbers by name."""


@runtime_checkable
class Recording(Protocol):
    """The physics of an instrument that measures."""

    def record(self, program: Program, things: Things) -> Record:
        """What it recorded, made again from the program's ledger details, so that it survives power cuts."""
        ...


@runtime_checkable
class Calibrated(Protocol):
    """The physics of an instrument that tells constants of itself."""

    @property
    def constants(self) -> Mapping[str, Sequence[float]]:
        """What it says of itself, by name."""
        ...


@runtime_checkable
class Sensing(Protocol):
    """The physics of an instrument with sensors that are read at any time."""

    def sense(self, at: datetime, running: Program | None) -> Mapping[str, float]:
        """Each sensor's reading at a laboratory time, while `running` is executed."""
        ...


@runtime_checkable
class Counting(Protocol):
    """The physics of an instrument that counts the pieces in a tray of its own."""

    def counted(self, things: Things) -> Mapping[str, float]:
        """What is left in each tray, by the name of its sensor."""
        ...


@dataclass(frozen=True)
class LastStart:
    """The start that was answered last, also a refused one; forgotten in a power cut."""

    token: str = "0" * 16
    error: ErrorNumber = ErrorNumber.NONE


class Firmware:
    """One instrument's controller. Starts, halts and limits are called in the world's thread, reads anywhere."""

    def __init__(self, name: str, model: Model, world: WorldState, draws: Draws, faults: Faults) -> None:
        self.name = name
        self.last = LastStart()
        self.model = model
        self._world, self._draws, self._faults = world, draws, faults
        self._held: tuple[str, Record] = ("", {})
        self._struck: set[tuple[str, str]] = set()

    def start(self, order: Order) -> ErrorNumber:
        """Answer a start: a token known already is answered and not executed again.

        The epoch of a start counts as seen even if the start is refused for another reason, because it proves that a
        newer owner is there.
        """
        number = self._answer(order)
        self.last = LastStart(order.token, number)
        return number

    def _answer(self, order: Order) -> ErrorNumber:
        if self._world.program(self.name, order.token) is not None:
            return ErrorNumber.NONE
        if order.epoch < self.epoch:
            return ErrorNumber.FENCED
        if order.epoch > self.epoch:
            self._world.remember(f"{self.name}.epoch", str(order.epoch))
        if self.running is not None:
            return ErrorNumber.BUSY
        try:
            here = replace(order, at=self._world.now)
            prepared = self.model.prepare(here, self._world.things, self.limits)
        except RefusedError as refusal:
            return refusal.number
        if self.is_struck("refusal", order.token):
            return ErrorNumber.BLOCKED
        duration = prepared.duration * self._faults.slow_program.stretch(self._draws, order.key)
        self._world.begin(Begin(self.name, order.token, order.epoch, prepared.action, prepared.details, duration))
        return ErrorNumber.NONE

    def halt(self) -> None:
        """End the running program as failed."""
        self._world.halt(self.name)

    def ask(self, token: str) -> Program | None:
        """What is known of a token, or was before it was forgotten."""
        program = self._world.program(self.name, token)
        return None if program is not None and self.is_struck("forgotten_token", token) else program

    def record(self, token: str) -> Record:
        """What was recorded under a token; empty unless its program is done and measured something."""
        program = self.ask(token)
        if program is None or program.state is not TokenState.DONE or not isinstance(self.model, Recording):
            return {}
        # Only the last one is kept: several lists are asked for one after the other, and all come from one computation.
        if self._held[0] != token:
            self._held = (token, self._spoiled(token, self.model.record(program, self._world.things)))
        return self._held[1]

    def _spoiled(self, token: str, record: Record) -> Record:
        """What is recorded, with what this instrument makes of it on a bad day."""
        factor = math.nan if self.is_struck("nan", token) else 3.0 if self.is_struck("wrong_reading", token) else 1.0
        if factor == 1.0:
            return record
        return {
            name: factor * told if isinstance(told, int | float) else [factor * one for one in told]
            for name, told in record.items()
        }

    def is_struck(self, mishap: str, token: str) -> bool:
        """Whether a mishap of this instrument happens to the program or record of `token`; told once, for the count."""
        struck = self._faults.mishap(mishap, self.name).strikes(self._draws, token, mishap)
        if struck and (mishap, token) not in self._struck:
            self._struck.add((mishap, token))
            _log.warning("%s: %s has the mishap %s", token, self.name, mishap)
        return struck

    def sense(self, name: str) -> float:
        """A sensor's present reading; 0 where there is no such sensor."""
        if isinstance(self.model, Counting) and name in (counted := self.model.counted(self.things)):
            return counted[name]
        if not isinstance(self.model, Sensing):
            return 0.0
        return self.model.sense(self._world.now, self.running).get(name, 0.0)

    @property
    def things(self) -> Things:
        """What stands where."""
        return self._world.things

    @property
    def running(self) -> Program | None:
        """The program that runs."""
        return self._world.running(self.name)

    @property
    def epoch(self) -> int:
        """The largest epoch seen."""
        return int(self._world.fact(f"{self.name}.epoch") or 0)

    @property
    def limits(self) -> Mapping[str, Span]:
        """The limits in force: as delivered, unless written since."""
        return {
            quantity: Span(self._limit(quantity, "lower", span.lower), self._limit(quantity, "upper", span.upper))
            for quantity, span in self.model.limits.items()
        }

    def set_limit(self, quantity: str, end: str, value: float) -> None:
        """Set the `lower` or `upper` limit of a set-point; kept over power cuts."""
        self._world.remember(f"{self.name}.{quantity}.{end}", repr(value))

    def loses_answer(self, token: str) -> bool:
        """Whether the answer to the start of `token` never arrives, a declared fault."""
        return self._faults.lost_answer.strikes(self._draws, act_of(token))

    def _limit(self, quantity: str, end: str, delivered: float) -> float:
        written = self._world.fact(f"{self.name}.{quantity}.{end}")
        return delivered if written is None else float(written)
