"""One slot of the light-soak lamp on SCPI, through pyvisa-py."""

from collections.abc import Sequence

import numpy as np
from ophyd_async.core import Array1D, soft_signal_r_and_setter

from instruments.devices.backend import readable, settable
from instruments.devices.device import DeviceSetup
from instruments.devices.scpi import Numbers, ScpiDevice
from instruments.programs import Program


class ScpiLamp(ScpiDevice):
    """Exposes what lies in its slot to light; the slot is that of its address (`?slot=2`).

    After an exposure `time` (s), `irradiance` (suns, by its monitor diode), `suns` and `duration` (s) as asked, and
    `n_points` are read.
    """

    halt_signal = ("OUTP", 0.0)
    program, asks, lists = "EXP", ("suns", "duration"), ("TRACE:TIME", "TRACE:IRR")

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        with self.add_children_as_readables():
            self.time, self._set_time = soft_signal_r_and_setter(Array1D[np.float64], units="s")
            self.irradiance, self._set_irradiance = soft_signal_r_and_setter(Array1D[np.float64], units="1")
            self.suns, self._set_suns = soft_signal_r_and_setter(float)
            self.duration, self._set_duration = soft_signal_r_and_setter(float, units="s")
            self.n_points, self._set_n_points = soft_signal_r_and_setter(int)
        self.status = readable(float, self.connection, "STAT")
        self.output = settable(int, self.connection, "OUTP")
        self.set_name(setup.name)

    async def show(self, program: Program, lists: Sequence[Numbers]) -> None:
        """The trace of the monitor diode."""
        time, irradiance = lists
        self._set_time(time)
        self._set_irradiance(irradiance)
        self._set_suns(float(program.arguments["suns"]))
        self._set_duration(float(program.arguments["duration"]))
        self._set_n_points(len(time))
