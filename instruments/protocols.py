"""What instruments need from the rest, and what the rest may ask of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from lab_agents.records.motion import Motion
from lab_agents.records.recipe import Act, ActResult


class Intents(Protocol):
    """Where an actuation is written down before it moves and after it ended; awaitable from any event loop."""

    async def intend(self, token: str, what: str) -> None:
        """Return once the intent to actuate is on disk."""
        ...

    async def outcome(self, token: str, what: str) -> None:
        """Return once the actuation's outcome is on disk."""
        ...


class BlobWriter(Protocol):
    """Where raw data and finished documents go."""

    def put(self, data: bytes) -> str:
        """Keep `data`; return its sha256 once it is safely stored. Blocks; never called in an event loop."""
        ...


Gate = Callable[[], None]
"""Raises `MotionRefusedError` where nothing may start now: deadline, epoch, permit, latch, age of the head."""

Verdict = Literal["done", "running", "not_started", "failed", "unknown"]


@dataclass(frozen=True)
class Reconciled:
    """What an instrument said of a token after a crash; `result` is what it still held of a done act."""

    verdict: Verdict
    result: ActResult | None = None
    evidence: Mapping[str, str] | None = None


class Motions(Protocol):
    """The engine as an agent's executor sees it: acts in, results out. Owned by `instruments.engine`."""

    async def perform(self, act: Act, number: int, token: str, gate: Gate, about: Mapping[str, str]) -> ActResult:
        """Run one act's plan to its end.

        Args:
            act: What to do.
            number: Its place in its task, for the result.
            token: Its token, sent with the actuating write.
            gate: Checked just before the actuation.
            about: Metadata for the run's start document (task, sample, work, campaign, versions).

        Raises:
            MotionRefusedError: Nothing moved.
            ActuationFailedError: The instrument said that the actuation failed.
            ActuationUnknownError: It may or may not have happened.
        """
        ...

    async def reconcile(
        self, act: Act, number: int, token: str, about: Mapping[str, str], *, intended: bool
    ) -> Reconciled:
        """Wait the instrument's in-flight time, ask it about `token`, attach if it runs, fetch if it is done."""
        ...

    def motions(self) -> tuple[Motion, ...]:
        """What is moving now, and whether it only waits (so that the simulated clock may jump)."""
        ...

    async def halt(self, instrument: str) -> None:
        """End the instrument's program now."""
        ...
