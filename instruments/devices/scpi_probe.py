"""The four-point probe on SCPI, through pyvisa-py."""

from collections.abc import Sequence

import numpy as np
from ophyd_async.core import Array1D, soft_signal_r_and_setter

from instruments.devices.backend import readable, settable
from instruments.devices.device import DeviceSetup
from instruments.devices.scpi import Numbers, ScpiDevice
from instruments.programs import Program


class ScpiProbe(ScpiDevice):
    """Lowers four tips onto what stands on its stage and reads voltages over currents of both signs.

    After a sweep `current` (A), `voltage` (V), `spacing` (mm) of the tips, `compliance` (V) and `n_points` are read.
    """

    halt_signal = ("OUTP", 0.0)
    program, asks, lists = "SWE", ("current", "points"), ("TRACE:CURR", "TRACE:VOLT")

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        with self.add_children_as_readables():
            self.current, self._set_current = soft_signal_r_and_setter(Array1D[np.float64], units="A")
            self.voltage, self._set_voltage = soft_signal_r_and_setter(Array1D[np.float64], units="V")
            self.spacing, self._set_spacing = soft_signal_r_and_setter(float, units="mm")
            self.compliance, self._set_compliance = soft_signal_r_and_setter(float, units="V")
            self.n_points, self._set_n_points = soft_signal_r_and_setter(int)
        self.status = readable(float, self.connection, "STAT")
        self.output = settable(int, self.connection, "OUTP")
        self.set_name(setup.name)

    async def show(self, program: Program, lists: Sequence[Numbers]) -> None:
        """Currents and voltages, with what the probe says of itself."""
        current, voltage = lists
        self._set_current(current)
        self._set_voltage(voltage)
        self._set_spacing(float(str(await self.connection.read("HEAD:SPAC"))))
        self._set_compliance(float(str(await self.connection.read("SOUR:COMP"))))
        self._set_n_points(len(current))
