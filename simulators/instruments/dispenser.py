"""A four-channel dispenser: adds volumes to the vial of its line, with errors that it reports only in part."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulators.errors import ErrorNumber, RefusedError
from simulators.instruments.program import Order, Prepared, Span
from simulators.ledger import Detail
from simulators.world.draws import Draws
from simulators.world.things import N_CHANNELS, Things


@dataclass(frozen=True)
class Pump:
    """How well and how fast a dispenser doses.

    The numbers below are assumptions: the order of magnitude that makers of syringe pumps and liquid handlers give for
    20 to 100 µL, not measured on one instrument.

    Attributes:
        rate: µL per second.
        systematic: Relative standard deviation between channels, fixed for a channel's life.
        random: Relative standard deviation of one dose.
        floor: Smallest standard deviation of one dose, µL.
        weighing: Relative standard deviation of the reported volume.
        weighing_floor: Smallest standard deviation of the reported volume, µL.
    """

    rate: float = 5.0
    systematic: float = 0.005
    random: float = 0.01
    floor: float = 0.1
    weighing: float = 0.003
    weighing_floor: float = 0.05


PUMPS: Mapping[str, Pump] = {
    "modbus_dispenser": Pump(),
    "epics_dispenser": Pump(rate=2.5, random=0.008, weighing=0.002),
}
"""The second line doses slower and better; its driver's name tells the make."""

NEW_VIAL = 10.0
"""Seconds to discard a vial and place a fresh one: assumption."""
APPROACH = 15.0
"""Seconds of a dose besides pumping (approach, settle, weigh): assumption."""


@dataclass(frozen=True)
class Delivery:
    """One dose: µL delivered, µL reported, one standard deviation of the report in µL."""

    delivered: float
    reported: float
    deviation: float


class Dispenser:
    """The physics of one line's dispenser."""

    def __init__(self, name: str, line: str, pump: Pump, draws: Draws, limits: Mapping[str, Span]) -> None:
        self.limits = limits
        self._name, self._line, self._pump, self._draws = name, line, pump, draws

    def dose(self, channel: int, volume: float, key: str) -> Delivery:
        """What a dose of `volume` µL through `channel` (from 1) really delivers; drawn by the order's `key`."""
        pump, draws = self._pump, self._draws
        gain = 1 + pump.systematic * draws.normal(self._name, str(channel), "gain")
        spread = max(pump.random * volume, pump.floor)
        delivered = max(0.0, volume * gain + spread * draws.normal(key, "delivered"))
        deviation = max(pump.weighing * delivered, pump.weighing_floor)
        return Delivery(delivered, max(0.0, delivered + deviation * draws.normal(key, "reported")), deviation)

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """A new vial, or a dose into the one that stands there."""
        if order.command == "new_vial":
            return Prepared("new_vial", {"line": self._line}, NEW_VIAL)
        if order.command != "dose":
            raise RefusedError(ErrorNumber.LIMIT, f"{order.command} is no command of a dispenser")
        channel, volume = int(order.number("channel")), order.number("volume")
        Span(1, N_CHANNELS).check("channel", channel)
        limits["volume"].check("volume", volume)
        if self._line not in things.vials:
            raise RefusedError(ErrorNumber.BLOCKED, f"{self._line} has no vial")
        delivery = self.dose(channel, volume, order.key)
        details: dict[str, Detail] = {
            "line": self._line,
            "channel": channel,
            "asked": volume,
            "delivered": delivery.delivered,
            "reported": delivery.reported,
            "deviation": delivery.deviation,
        }
        return Prepared("dose", details, APPROACH + volume / self._pump.rate)
