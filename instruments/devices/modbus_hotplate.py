"""One position of a hotplate on Modbus TCP."""

from collections.abc import Sequence

from ophyd_async.core import soft_signal_r_and_setter

from instruments.devices.backend import readable
from instruments.devices.device import DeviceSetup
from instruments.devices.modbus import ModbusDevice
from instruments.programs import Answer, Program, Reading

_ANNEAL = 1


class ModbusHotplate(ModbusDevice):
    """Ramps to a temperature, holds it, and cools below 40 °C: one program, timed by the plate.

    After a program `temperature` (°C, by the plate's own sensor) and `duration` (s) of the hold are read. Interlocks
    may read `dryness` (ppm of water), `door` and `extraction`.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        with self.add_children_as_readables():
            self.temperature, self._set_temperature = soft_signal_r_and_setter(float, units="°C")
            self.duration, self._set_duration = soft_signal_r_and_setter(float, units="s")
        self.dryness = readable(float, self.connection, "dryness", "ppm")
        self.door = readable(float, self.connection, "door")
        self.extraction = readable(float, self.connection, "extraction")
        self.set_name(setup.name)

    def command(self, program: Program) -> tuple[int, int, tuple[float, ...]]:
        """Anneal at a temperature for a duration."""
        return _ANNEAL, 0, (float(program.arguments["temperature"]), float(program.arguments["duration"]))

    def results(self, program: Program, numbers: Sequence[float]) -> dict[str, Reading]:
        """Mean temperature and length of the hold."""
        return dict(zip(("temperature", "duration"), numbers, strict=True))

    async def keep(self, program: Program, answer: Answer) -> None:
        """Make the hold as executed readable."""
        self._set_temperature(answer.number("temperature"))
        self._set_duration(answer.number("duration"))
