"""The spin coater with an antisolvent nozzle on Modbus TCP."""

from collections.abc import Sequence

from ophyd_async.core import soft_signal_r_and_setter

from instruments.devices.backend import readable
from instruments.devices.device import DeviceSetup
from instruments.devices.modbus import ModbusDevice
from instruments.programs import Answer, Program, Reading

_SPIN = 1


class ModbusSpinCoater(ModbusDevice):
    """Takes a substrate and the ink of its vial, spins, and drips antisolvent at `delay`: one program, timed by itself.

    After a program `speed` (1/min), `duration` (s) and `delay` (s) as executed are read. The delay is the moment at
    which a sensor saw the drop; 0 if it saw none. Interlocks may read `dryness` (ppm of water), `door` and
    `extraction`.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        with self.add_children_as_readables():
            self.speed, self._set_speed = soft_signal_r_and_setter(float, units="1/min")
            self.duration, self._set_duration = soft_signal_r_and_setter(float, units="s")
            self.delay, self._set_delay = soft_signal_r_and_setter(float, units="s")
        self.dryness = readable(float, self.connection, "dryness", "ppm")
        self.door = readable(float, self.connection, "door")
        self.extraction = readable(float, self.connection, "extraction")
        self.set_name(setup.name)

    def command(self, program: Program) -> tuple[int, int, tuple[float, ...]]:
        """Spin at a speed for a duration, with the drip at a delay."""
        arguments = program.arguments
        return _SPIN, 0, tuple(float(arguments[name]) for name in ("speed", "duration", "delay"))

    def results(self, program: Program, numbers: Sequence[float]) -> dict[str, Reading]:
        """Speed, duration and delay as executed."""
        return dict(zip(("speed", "duration", "delay"), numbers, strict=True))

    async def keep(self, program: Program, answer: Answer) -> None:
        """Make the spin as executed readable."""
        self._set_speed(answer.number("speed"))
        self._set_duration(answer.number("duration"))
        self._set_delay(answer.number("delay"))
