"""The four-channel dispenser on EPICS Channel Access: a classic ophyd device."""

from collections.abc import Mapping

from instruments.devices.epics import EpicsDevice
from instruments.programs import Answer, Program

# isort: split
# After the module that gives libca its context.
from ophyd import Component, EpicsSignal, Signal


class EpicsDispenser(EpicsDevice):
    """Adds volumes to a vial; reports what it delivered, with one standard deviation, in µL.

    After a dose `channel`, `asked`, `delivered` and `deviation` are read.
    """

    numbers: Mapping[str, str] = {**EpicsDevice.numbers, "LOW": "low", "HIGH": "high"}
    told: Mapping[str, tuple[str, ...]] = {"dose": ("delivered", "deviation")}

    low = Component(EpicsSignal, "LOW", put_complete=True, auto_monitor=False, kind="omitted")
    high = Component(EpicsSignal, "HIGH", put_complete=True, auto_monitor=False, kind="omitted")

    channel = Component(Signal, value=0)
    asked = Component(Signal, value=0.0)
    delivered = Component(Signal, value=0.0)
    deviation = Component(Signal, value=0.0)

    def words(self, program: Program) -> list[str]:
        """Channel and volume of a dose; a new vial has none."""
        if program.command != "dose":
            return []
        return [f"channel={program.arguments['channel']}", f"volume={float(program.arguments['volume'])!r}"]

    async def keep(self, program: Program, answer: Answer) -> None:
        """Make a dose readable."""
        if program.command != "dose":
            return
        self.channel.put(int(program.arguments["channel"]))
        self.asked.put(float(program.arguments["volume"]))
        self.delivered.put(answer.number("delivered"))
        self.deviation.put(answer.number("deviation"))
