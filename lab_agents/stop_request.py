"""Asking for an emergency stop in all ways at once, repeated until every guard has answered."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from pydantic import Field, ValidationError

from lab_agents.bus.mqtt import MqttBus
from lab_agents.bus.protocol import Message
from lab_agents.children import Household
from lab_agents.control import MAX_ANSWER, Json, receive_line, send_line, sign
from lab_agents.credentials import PEOPLE, access_of, read_secret
from lab_agents.errors import BusError, GuardError, StateFolderError
from lab_agents.guard_door import ask, find_guard
from lab_agents.messages.frames import GuardStatus, InstrumentState, StopRequest
from lab_agents.messages.topics import Topics
from lab_agents.processes import identity, kill_and_wait
from lab_agents.records.base import FrozenMap, Record
from lab_agents.records.laboratory import GuardAddress
from lab_agents.safe_states import Dial, dial
from lab_agents.stop_alone import stop_alone

AGAIN = 0.5
"""Wall seconds between two attempts on one way."""


class StopAnswer(Record):
    """What became of a stop request: each instrument's state, and the machines whose guard did not answer."""

    id: str
    instruments: FrozenMap[str, InstrumentState] = Field(default_factory=dict)
    unanswered: tuple[str, ...] = ()


class Stop:
    """One stop request on its way to every machine of a laboratory.

    Args:
        household: The machine that this runs on.
        request: What is asked.
        broker: Where the bus is, or None where nobody knows.
        dial: Makes lines to instruments, for the case that no guard lives here.
    """

    def __init__(
        self, household: Household, request: StopRequest, broker: str | None = None, *, dial: Dial = dial
    ) -> None:
        self._household, self._request, self._broker, self._dial = household, request, broker, dial
        self._answers: dict[str, dict[str, InstrumentState]] = {}
        self._all_answered = asyncio.Event()
        # With the instant, so that a report counts from when somebody asked and not from when it was heard.
        self._ask: Json = {"do": "stop", **request.model_dump(mode="json")}

    async def everywhere(self, within: float | None = None) -> StopAnswer:
        """Go all ways at once until every machine has answered, or for `within` wall seconds."""
        machines, here = self._household.laboratory.machines, self._household.machine
        addresses = self._household.laboratory.guards.items()
        ways = [self._here(), self._over_the_bus(), *(self._at(n, a) for n, a in addresses if n != here)]
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._all_answered.wait()
        finally:
            for task in tasks:
                task.cancel()
            # Bounded: whoever asked must not wait for the answer because some way ends slowly.
            await asyncio.wait(tasks, timeout=self._household.settings.lost)
        return StopAnswer(
            id=self._request.id,
            instruments={name: state for states in self._answers.values() for name, state in states.items()},
            unanswered=tuple(name for name in machines if name not in self._answers),
        )

    def _answered(self, machine: str, states: dict[str, InstrumentState]) -> None:
        self._answers[machine] = states
        if set(self._answers) >= set(self._household.laboratory.machines):
            self._all_answered.set()

    async def _here(self) -> None:
        """Ask the guard of this machine; where none lives, take its place."""
        machine = self._household.machine
        while machine not in self._answers:
            # A guard may have taken the lock since, or not have opened its door yet: look again.
            with suppress(StateFolderError, GuardError):
                if find_guard(self._household.folder, machine) is None:
                    self._answered(machine, await stop_alone(self._household, self._request, dial=self._dial))
                else:
                    await self._ask_guard()
            await asyncio.sleep(AGAIN)

    async def _ask_guard(self) -> None:
        folder, machine = self._household.folder, self._household.machine
        pid = find_guard(folder, machine) or 0
        name = identity(pid)
        lines = ask(folder, machine, self._ask)
        try:
            # The first line comes before anything is awaited, so that only a frozen guard is this late.
            async with asyncio.timeout(self._household.settings.kill):
                last = await anext(lines)
        except TimeoutError:
            # It took the connection and says nothing: frozen. Killed, it takes its children along.
            if name is not None:
                await kill_and_wait(pid, name)
            return
        async for line in lines:
            last = line
        self._answered(machine, _states(last))

    async def _over_the_bus(self) -> None:
        if self._broker is None:
            return
        topics = Topics(self._household.laboratory.name)
        with suppress(BusError):
            access = access_of(self._household.laboratory, PEOPLE)
            async with MqttBus(self._broker, self._request.id, access=access) as bus:
                await bus.subscribe(topics.build("guard_status", machine="+"), self._hear)
                while True:
                    await bus.publish(topics.build("stop"), self._request.model_dump_json().encode(), retain=True)
                    await asyncio.sleep(AGAIN)

    def _hear(self, message: Message) -> None:
        try:
            status = GuardStatus.model_validate_json(message.payload)
        except ValidationError:
            return
        is_asked = all(state.state != "not asked" for state in status.instruments.values())
        # The machine that this runs on answers by itself: its guard may be dead, and its status an old one.
        is_another = status.alive and status.machine != self._household.machine
        if is_another and is_asked and any(stop.id == self._request.id for stop in status.stops):
            self._answered(status.machine, dict(status.instruments))

    async def _at(self, machine: str, address: GuardAddress) -> None:
        while machine not in self._answers:
            # Without the secret the other ways remain.
            with suppress(OSError, EOFError, ValueError, KeyError, TimeoutError, GuardError):
                secret = await asyncio.to_thread(read_secret, self._household.laboratory, machine)
                async for line in ask_at(address, secret, self._ask):
                    if line.get("ok"):
                        self._answered(machine, _states(line))
            await asyncio.sleep(AGAIN)


async def ask_at(address: GuardAddress, secret: str, request: Json) -> AsyncIterator[Json]:
    """Send one signed request to a guard on another machine and yield what it answers.

    Raises:
        OSError: If nobody listens there.
        EOFError: If it closes before its last answer.
        ValueError: If what it says cannot be read.
    """
    reader, writer = await asyncio.open_connection(address.host, address.port, limit=MAX_ANSWER)
    try:
        text = json.dumps(request)
        nonce = str((await receive_line(reader))["nonce"])
        await send_line(writer, {"request": text, "signature": sign(secret, nonce, text)})
        while "ok" not in (line := await receive_line(reader)):
            yield line
        yield line
    finally:
        writer.close()


def _states(answer: dict[str, Any]) -> dict[str, InstrumentState]:
    found = answer.get("status", {}).get("instruments", {})
    return {name: InstrumentState.model_validate_json(json.dumps(state)) for name, state in found.items()}
