"""The four-channel dispenser on Modbus TCP."""

from collections.abc import Sequence

from ophyd_async.core import soft_signal_r_and_setter

from instruments.devices.device import DeviceSetup
from instruments.devices.modbus import ModbusDevice
from instruments.programs import Answer, Program, Reading

_COMMANDS = {"new_vial": 1, "dose": 2}


class ModbusDispenser(ModbusDevice):
    """Adds volumes to a vial; reports what it delivered, with one standard deviation, in µL.

    After a dose `channel`, `asked`, `delivered` and `deviation` are read.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        with self.add_children_as_readables():
            self.channel, self._set_channel = soft_signal_r_and_setter(int)
            self.asked, self._set_asked = soft_signal_r_and_setter(float, units="µL")
            self.delivered, self._set_delivered = soft_signal_r_and_setter(float, units="µL")
            self.deviation, self._set_deviation = soft_signal_r_and_setter(float, units="µL")
        self.set_name(setup.name)

    def command(self, program: Program) -> tuple[int, int, tuple[float, ...]]:
        """New vial or dose."""
        channel, volume = program.arguments.get("channel", 0), program.arguments.get("volume", 0.0)
        return _COMMANDS[program.command], int(channel), (float(volume), 0.0)

    def results(self, program: Program, numbers: Sequence[float]) -> dict[str, Reading]:
        """Delivered volume and its deviation; a new vial has none."""
        return dict(zip(("delivered", "deviation"), numbers, strict=True)) if program.command == "dose" else {}

    async def keep(self, program: Program, answer: Answer) -> None:
        """Make a dose readable.

        Kept here and not read from the registers again, because those answer for the token last asked on the
        connection, and none after a reconnect.
        """
        if program.command != "dose":
            return
        self._set_channel(int(program.arguments["channel"]))
        self._set_asked(float(program.arguments["volume"]))
        self._set_delivered(answer.number("delivered"))
        self._set_deviation(answer.number("deviation"))
