"""The spin coater on Modbus TCP."""

from collections.abc import Sequence

from ophyd_async.core import soft_signal_r_and_setter

from instruments.devices.device import DeviceSetup
from instruments.devices.modbus import ModbusDevice
from instruments.programs import Answer, Program, Reading

_COAT = 1


class ModbusCoater(ModbusDevice):
    """Draws the whole vial of its line onto a fresh substrate and spins it: one program, timed by the coater.

    After a program `speed` (1/min) and `duration` (s) as executed are read.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        with self.add_children_as_readables():
            self.speed, self._set_speed = soft_signal_r_and_setter(float, units="1/min")
            self.duration, self._set_duration = soft_signal_r_and_setter(float, units="s")
        self.set_name(setup.name)

    def command(self, program: Program) -> tuple[int, int, tuple[float, ...]]:
        """Coat at a speed for a duration."""
        return _COAT, 0, (float(program.arguments["speed"]), float(program.arguments["duration"]))

    def results(self, program: Program, numbers: Sequence[float]) -> dict[str, Reading]:
        """Final speed and spin time."""
        return dict(zip(("speed", "duration"), numbers, strict=True))

    async def keep(self, program: Program, answer: Answer) -> None:
        """Make the spin as executed readable."""
        self._set_speed(answer.number("speed"))
        self._set_duration(answer.number("duration"))
