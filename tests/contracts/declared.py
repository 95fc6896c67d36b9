"""Whether an instrument tells the truth about itself: each word of its driver's `Traits` is tried on the instrument.

What is not declared is not tried: to promise less than one keeps harms nobody. The ledger, or whatever else the
candidate knows of its world, is the judge; what the instrument says of itself is what is judged.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import pytest

from instruments.devices.device import DeviceSetup
from instruments.drivers import load_driver, load_object
from instruments.engine import Engine
from instruments.errors import ActuationFailedError, TransportError
from instruments.programs import Program, TokenState
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act
from lab_agents.settings import DEFAULT

ABOUT = {"task": "contract/0"}
FIRST, SECOND, THIRD, NEVER = (f"00000000000000a{n}" for n in range(1, 5))


class Candidate(Protocol):
    """An instrument under test, real or simulated, physically ready for `act`.

    Attributes:
        laboratory: Its lab file, with the instrument's present address.
        act: An act that it can do once now.
        refused: An act that its limits or interlocks forbid.
        readings: Names of the readings that `act` brings back.
    """

    laboratory: Laboratory
    act: Act
    refused: Act
    readings: frozenset[str]

    async def engine(self) -> Engine:
        """A new, connected engine: one more process that drives it."""
        ...

    async def finish(self) -> None:
        """Let the running program end by itself."""
        ...

    async def has_started(self, token: str) -> None:
        """Return once the world has moved for `token`."""
        ...

    async def executed(self, token: str) -> int:
        """How often the world moved for `token`."""
        ...

    def things(self) -> Mapping[str, object]:
        """What stands where, what was done to it, what was used up: to be compared."""
        ...

    async def settle(self) -> None:
        """Return once the instrument has taken up everything that has reached it."""
        ...

    async def arrive(self) -> None:
        """Return once nothing is on its way to the instrument any more."""
        ...

    async def cut_power(self) -> None:
        """Switch the instrument off and on again."""
        ...


def open_gate() -> None:
    """Everything may start."""


def make_device(laboratory, name):
    """The instrument's device, as the engine makes it."""
    declaration = laboratory.instruments[name]
    driver = load_driver(declaration.driver)
    return load_object(driver.device)(DeviceSetup(name, declaration, driver, DEFAULT))


async def begin(candidate, engine, token=FIRST):
    """Start the act and leave it running; the task that waits for it."""
    waiting = asyncio.create_task(engine.perform(candidate.act, 0, token, open_gate, ABOUT))
    await candidate.has_started(token)
    return waiting


async def check_told(candidate, engine, *tokens):
    """What it says of a token agrees with what happened: `NEVER_SEEN` just where nothing moved."""
    for token in tokens:
        said, moved = await engine.ask(candidate.act, token), await candidate.executed(token)
        assert moved <= 1, f"the world moved {moved} times for {token}"
        assert (said is TokenState.NEVER_SEEN) == (moved == 0), (
            f"it says {said.name}, and the world moved {moved} times"
        )


async def check_in_flight(candidate, token=FIRST):
    """When the declared time is over, a start that a dead client sent is executed, or never will be."""
    engine = await candidate.engine()
    device = make_device(candidate.laboratory, candidate.act.instrument)
    program = Program(token, 1, candidate.act.plan, dict(candidate.act.arguments))
    with suppress(TransportError, TimeoutError):
        async with asyncio.timeout(device.traits.in_flight):
            await device.send(program)
    await device.disconnect()
    await candidate.settle()
    said = await engine.ask(candidate.act, token)
    await candidate.arrive()
    moved = await candidate.executed(token)
    assert (said is TokenState.NEVER_SEEN) == (moved == 0), f"it said {said.name} and moved {moved} times after all"


async def check_single_client(candidate, engine, token=FIRST):
    """Others may look while it works, unless it says that it takes one; it works on in either case."""
    # Devices, and no engines: two engines of one agent would take each other's documents for a dead one's.
    others = [make_device(candidate.laboratory, candidate.act.instrument) for _ in range(2)]
    try:
        said = await asyncio.gather(*(_look_on(other, candidate.act, token) for other in others))
    finally:
        for other in others:
            await other.disconnect()
    if not engine.traits(candidate.act.instrument).single_client:
        assert said == [TokenState.RUNNING] * 2, f"others who look on while it works are told {said}"
    assert await engine.ask(candidate.act, token) is TokenState.RUNNING


async def _look_on(device, act, token):
    """What one more client is told of a token; None if it is not let in."""
    with suppress(TransportError):
        await device.connect_wire()
        return (await device.ask(Program(token, 1, act.plan, dict(act.arguments)))).state


async def check_interruptible(candidate, engine, token=SECOND):
    """Halted in the middle it stands still and says so, and what it holds is as it was."""
    if not engine.traits(candidate.act.instrument).interruptible:
        return
    before = candidate.things()
    waiting = await begin(candidate, engine, token)
    await engine.halt(candidate.act.instrument)
    with pytest.raises(ActuationFailedError):
        await waiting
    assert await engine.ask(candidate.act, token) is TokenState.FAILED
    assert (await engine.look(candidate.act.instrument))["running"] == 0
    assert candidate.things() == before, "what was halted has changed what it holds"


async def check_repeatable(candidate, engine, token=THIRD):
    """Done once more it brings the same readings, and leaves everything as it was."""
    if not engine.traits(candidate.act.instrument).repeatable:
        return
    before = candidate.things()
    waiting = await begin(candidate, engine, token)
    await candidate.finish()
    assert set((await waiting).readings) == candidate.readings
    assert candidate.things() == before, "doing it again has changed what it holds"


async def check_holds_token(candidate, engine, *tokens):
    """What it says of its tokens stays true over a power cut, and none of them moves anything again."""
    if not engine.traits(candidate.act.instrument).holds_token:
        return
    await check_told(candidate, engine, *tokens)
    before = [await engine.ask(candidate.act, token) for token in tokens]
    await engine.close()
    await candidate.cut_power()
    after = await candidate.engine()
    now = [await after.ask(candidate.act, token) for token in tokens]
    assert now == before, f"before its power was cut it said {before} of its tokens, and then {now}"
    await check_told(candidate, after, *tokens)
    for token, state in zip(tokens, before, strict=True):
        if state is TokenState.DONE:
            await after.perform(candidate.act, 0, token, open_gate, ABOUT)
    await check_told(candidate, after, *tokens)


async def check_declared(candidate):
    """Every word, on one running instrument."""
    await check_in_flight(candidate)
    engine = await candidate.engine()
    waiting = await begin(candidate, engine)
    await check_told(candidate, engine, FIRST, NEVER)
    await check_single_client(candidate, engine)
    await candidate.finish()
    await waiting
    await check_interruptible(candidate, engine)
    await check_repeatable(candidate, engine)
    await check_holds_token(candidate, engine, FIRST, SECOND, THIRD, NEVER)
