"""Programs: what an instrument executes and times by itself, started once with one token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from instruments.errors import TransportError
from lab_agents.records.recipe import Argument

Reading = float | int | str | Sequence[float]
"""What one quantity of an answer may be; a sequence is an array of raw data."""


@dataclass(frozen=True)
class Traits:
    """What a class of instruments can promise; decides what is done after a crash.

    Attributes:
        holds_token: It keeps every token it accepted, over power cuts: "never seen" proves that nothing moved.
        repeatable: A measurement without data may be made again.
        interruptible: Its program may be halted without harm to what it holds.
        single_client: It accepts one connection, so that a guard connects only after its agent was killed.
        in_flight: Seconds after which bytes already sent have been executed or never will be.
    """

    holds_token: bool
    repeatable: bool = False
    interruptible: bool = False
    single_client: bool = False
    in_flight: float = 0.1


@dataclass(frozen=True)
class Program:
    """One start: its token, the epoch of the process that sends it, the command and its set-points."""

    token: str
    epoch: int
    command: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True)
class Start:
    """How an act's plan starts its program: token and epoch, or that it only attaches to one started before."""

    token: str
    epoch: int
    attaches: bool = False

    def program(self, command: str, **arguments: Argument) -> Program:
        """The program of `command` under this token."""
        return Program(self.token, self.epoch, command, arguments)


class TokenState(IntEnum):
    """What an instrument says of a token."""

    NEVER_SEEN = 0
    RUNNING = 1
    DONE = 2
    FAILED = 3


class StartCode(IntEnum):
    """How an instrument answers a start."""

    ACCEPTED = 0
    BUSY = 1
    LIMIT = 2
    BLOCKED = 3
    FENCED = 4


@dataclass(frozen=True)
class Answer:
    """A token's state and, once it is done, what the instrument reports of its program."""

    state: TokenState
    readings: Mapping[str, Reading] = field(default_factory=dict)

    def number(self, name: str) -> float:
        """The reading `name` as a number.

        Raises:
            TransportError: If the instrument did not report it, or reported something else.
        """
        value = self.readings.get(name)
        if not isinstance(value, int | float):
            raise TransportError(f"{name} is missing from the answer about a done program: {dict(self.readings)}")
        return float(value)


class ProgramPort(Protocol):
    """The four things every program-holding instrument can do, whatever it speaks; blocks no event loop."""

    traits: Traits

    async def send(self, program: Program) -> StartCode:
        """Send the start in one write, once, and read how it was answered.

        Raises:
            TransportError: `sent` tells whether the start may have arrived.
        """
        ...

    async def ask(self, program: Program) -> Answer:
        """Ask about the program's token; harmless, so it may be asked again.

        Raises:
            TransportError: If the instrument does not answer.
        """
        ...

    async def halt(self) -> None:
        """End the running program now; its token becomes failed."""
        ...


class Watcher(Protocol):
    """Who wants to know when a program runs by itself and when it has ended."""

    def answered(self, token: str) -> None:
        """The instrument accepted the start; from here on the act only waits."""
        ...

    def ended(self, token: str) -> None:
        """The program is seen to have ended."""
        ...


def start_code(instrument: str, number: float) -> StartCode:
    """The verdict that `number` means.

    Raises:
        TransportError: If it means none; the start may have arrived.
    """
    if number not in tuple(StartCode):
        raise TransportError(f"{instrument} answers a start with {number}, which is no verdict", sent=True)
    return StartCode(int(number))


def token_state(instrument: str, number: float) -> TokenState:
    """The token's state that `number` means.

    Raises:
        TransportError: If it means none.
    """
    if number not in tuple(TokenState):
        raise TransportError(f"{instrument} says state {number} of a token, which is none")
    return TokenState(int(number))
