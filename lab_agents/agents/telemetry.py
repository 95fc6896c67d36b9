"""What an agent's instruments show, published for people to look at; nothing is decided on it, nothing enters the log.

One instrument is read at a time, each once in its period of wall time, on the connection that the agent keeps anyway
and between the requests of the program that it executes. What has not changed is not said again at once, but often
enough that silence means something. An instrument that cannot be read says so with its reason, and is left alone for a
while; the agent goes on.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from instruments.drivers import load_driver
from instruments.errors import InstrumentError
from lab_agents.bus.protocol import Bus
from lab_agents.clock import Clock
from lab_agents.messages.frames import Telemetry
from lab_agents.messages.topics import Topics
from lab_agents.records.laboratory import InstrumentDeclaration
from lab_agents.wall_clock import wall_now

PERIOD = 5.0
"""Wall seconds between two looks at an instrument; its setting `telemetry` in the lab file overrides it, 0 looks never.
A look is up to five requests: once a second, a simulated laboratory on two cores would notice being looked at."""
REPEATS = 3
"""Unchanged readings are said again after so many periods."""
PATIENCE = 6
"""Periods for which an instrument that could not be read is left alone: each try may wait for its time limit."""


class Looking(Protocol):
    """The engine, as far as looking goes."""

    async def look(self, instrument: str) -> Mapping[str, float]:
        """What an instrument shows now; raises `InstrumentError` where it cannot be read."""
        ...


@dataclass(frozen=True)
class Shown:
    """An instrument that is looked at: its name, the unit of each of its gauges, seconds between two looks."""

    instrument: str
    units: Mapping[str, str]
    period: float

    @property
    def within(self) -> float:
        """Wall seconds within which something is said of it: what is older is stale."""
        return self.period * PATIENCE


class TelemetryTeller:
    """Looks at the instruments of one agent and publishes what they show.

    Args:
        looking: The engine.
        shown: The instruments to look at.
        bus: The agent's bus.
        topics: The laboratory's topics.
        clock: Laboratory time.
    """

    def __init__(self, looking: Looking, shown: tuple[Shown, ...], bus: Bus, topics: Topics, clock: Clock) -> None:
        self._looking, self._shown, self._bus, self._topics, self._clock = looking, shown, bus, topics, clock
        self._said: dict[str, tuple[Telemetry, int]] = {}
        self._due: dict[str, float] = {}

    async def run(self) -> None:
        """Look and tell, for ever."""
        loop = asyncio.get_running_loop()
        for number, one in enumerate(self._shown):
            # Spread over the period, so that an agent's instruments do not all answer in one moment.
            self._due[one.instrument] = loop.time() + one.period * number / len(self._shown)
        while self._shown:
            one = min(self._shown, key=lambda shown: self._due[shown.instrument])
            await asyncio.sleep(self._due[one.instrument] - loop.time())
            seen = await self.look(one)
            self._due[one.instrument] = loop.time() + one.period * (PATIENCE if seen.trouble else 1)
            await self.tell(one, seen)

    async def look(self, one: Shown) -> Telemetry:
        """What an instrument shows, or why it cannot be read."""
        readings: Mapping[str, float] = {}
        trouble = ""
        try:
            readings = await self._looking.look(one.instrument)
        except InstrumentError as error:
            trouble = str(error)
        return Telemetry(
            instrument=one.instrument,
            at=self._clock.now(),
            readings=readings,
            units=one.units,
            read_at=wall_now(),
            within=one.within,
            trouble=trouble,
        )

    async def tell(self, one: Shown, seen: Telemetry) -> None:
        """Publish a look, unless it is what was said and silence about it is still short."""
        said, skipped = self._said.get(one.instrument, (None, 0))
        is_same = said is not None and (said.readings, said.trouble) == (seen.readings, seen.trouble)
        if is_same and not seen.trouble and skipped + 1 < REPEATS:
            self._said[one.instrument] = (seen, skipped + 1)
            return
        self._said[one.instrument] = (seen, 0)
        topic = self._topics.build("telemetry", instrument=one.instrument)
        await self._bus.publish(topic, seen.model_dump_json().encode(), qos=0)


def shown_of(instruments: Mapping[str, InstrumentDeclaration]) -> tuple[Shown, ...]:
    """The instruments that show anything, and are not switched off by `telemetry: 0`."""
    found = []
    for name, declaration in instruments.items():
        gauges = load_driver(declaration.driver).gauges
        period = float(declaration.settings.get("telemetry", PERIOD))
        if gauges and period > 0:
            found.append(Shown(name, {gauge: declared.unit for gauge, declared in gauges.items()}, period))
    return tuple(found)
