"""Each gate closes alone, and says which it is."""

import asyncio

import pytest

from lab_agents.agents.gates import GateClosedError, Gates
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.log import Cursor, LogLink
from lab_agents.messages.frames import Head, Permit
from tests.small_log import TOPICS


class Door:
    """Gates whose news come over the bus, with a clock and a guard in the test's hand."""

    def __init__(self) -> None:
        self.bus = MemoryBus(MemoryCarrier(), "line")
        self.now = 0.0
        self.guard_is_alive = True
        self.link = LogLink(self.bus, TOPICS, "line", 1)
        self.gates = Gates(self.link, lambda: self.guard_is_alive, monotonic=lambda: self.now)

    async def hear(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Something is published."""
        await self.bus.publish(TOPICS.build(topic), payload.encode(), retain=retain)
        for _ in range(5):
            await asyncio.sleep(0)

    async def hear_head(self, refusing: str | None = None) -> None:
        """The recorder says where the log stands."""
        await self.hear(
            "head", Head(log="L", position=0, chain="0" * 64, recorder=1, refusing=refusing).model_dump_json()
        )

    async def hear_permit(self, *, granted: bool = True, retain: bool = False) -> None:
        """Supervision says that motions may start."""
        await self.hear("permit", Permit(number=1, granted=granted).model_dump_json(), retain=retain)

    def why(self, *, needs_permit: bool = True) -> str | None:
        """What is closed."""
        return self.gates.closed_because(self.now, needs_permit=needs_permit)


@pytest.fixture
async def door():
    """Everything is open."""
    door = Door()
    async with door.bus:
        await door.gates.start(door.bus, TOPICS)
        await door.link.start(Cursor())
        await door.hear_head()
        await door.hear_permit()
        door.now = door.link.head_at
        await door.hear_permit()
        yield door


async def test_with_permit_head_and_guard_motions_may_start(door: Door) -> None:
    """Nothing is closed, and the check raises nothing."""
    assert door.why() is None
    door.gates.check()


async def test_an_ending_laboratory_starts_nothing(door: Door) -> None:
    """What runs ends, nothing begins."""
    door.gates.is_draining = True
    assert door.why() == "the laboratory is being ended"


async def test_a_silent_guard_closes_the_gates(door: Door) -> None:
    """It may be about to kill this process, or start another."""
    door.guard_is_alive = False
    assert door.why(needs_permit=False) == "the guard of this machine is silent"


async def test_a_silent_recorder_closes_the_gates(door: Door) -> None:
    """After two seconds without a head: this process may be cut off."""
    door.now += 2.5
    assert door.why(needs_permit=False) == "the recorder is silent"


async def test_a_recorder_that_appends_nothing_closes_the_gates(door: Door) -> None:
    """The outcome of what starts could not be kept."""
    await door.hear_head(refusing="the disk is full")
    assert door.why() == "the recorder appends nothing: the disk is full"


async def test_a_lost_permit_stops_motions_but_not_computations(door: Door) -> None:
    """Two seconds without supervision's word, while heads go on."""
    door.link.head_at += 2.5
    door.now += 2.5
    assert door.why() == "supervision's permit is lost"
    assert door.why(needs_permit=False) is None
    with pytest.raises(GateClosedError, match="nothing starts: supervision's permit is lost"):
        door.gates.check()


async def test_a_permit_that_is_taken_back_counts_at_once(door: Door) -> None:
    """Not only when it has aged."""
    await door.hear_permit(granted=False)
    assert door.why() == "supervision's permit is lost"


async def test_a_retained_permit_grants_nothing(door: Door) -> None:
    """Its supervisor may be dead for days."""
    await door.hear_permit(granted=False)
    await door.hear_permit(retain=True)
    late = Gates(door.link, lambda: True, monotonic=lambda: door.now)
    other = MemoryBus(MemoryCarrier(), "late")
    async with other:
        await other.publish(TOPICS.build("permit"), Permit(number=1).model_dump_json().encode(), retain=True)
        await late.start(other, TOPICS)
        for _ in range(5):
            await asyncio.sleep(0)
    assert late.closed_because(door.now, needs_permit=True) == "supervision's permit is lost"


async def test_garbage_on_the_permit_is_no_permit(door: Door) -> None:
    """And takes none away."""
    await door.hear("permit", "{nonsense")
    assert door.why() is None


async def test_an_end_that_was_called_off_opens_the_gates_again(door: Door) -> None:
    """Whoever knows the guard learns it from its next beat, although the gate was closed at the time."""

    def hear_guard() -> bool:
        gates.is_draining = False
        return True

    gates = Gates(door.link, hear_guard, monotonic=lambda: door.now)
    gates.is_draining = True
    assert gates.closed_because(door.now, needs_permit=False) is None
