"""Buses on a carrier in memory that outlives the process."""

from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from tests.kill.laboratory import BusMaker


class MemoryBuses(BusMaker):
    """Members of one carrier; what they sent is still under way when they die."""

    def __init__(self, carrier: MemoryCarrier | None = None) -> None:
        self.carrier = carrier or MemoryCarrier()
        self._members: list[MemoryBus] = []

    def __call__(self, name: str) -> MemoryBus:
        bus = MemoryBus(self.carrier, name)
        self.carrier.join(bus)
        self._members.append(bus)
        return bus

    def kill(self) -> None:
        """Cut all members off."""
        for bus in self._members:
            bus.kill()
        self._members.clear()
