"""The light-soak tester on SCPI, through pyvisa-py."""

from collections.abc import Sequence

import numpy as np
from ophyd_async.core import Array1D, soft_signal_r_and_setter

from instruments.devices.backend import readable, settable
from instruments.devices.device import DeviceSetup
from instruments.devices.scpi import Numbers, ScpiDevice
from instruments.errors import TransportError
from instruments.programs import Program


class ScpiTester(ScpiDevice):
    """Exposes the film on its stage to light and records its transmission over time.

    After a soak `time` (s), `transmission`, `scale_offset`, `scale_span` (property units), `tau` (s), `exposure` (s)
    and `n_points` are read.
    """

    halt_signal = ("LAMP", 0.0)
    program, asks, lists = "SOAK", ("exposure",), ("TRACE:TIME", "TRACE:DATA")

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        with self.add_children_as_readables():
            self.time, self._set_time = soft_signal_r_and_setter(Array1D[np.float64], units="s")
            self.transmission, self._set_transmission = soft_signal_r_and_setter(Array1D[np.float64], units="1")
            self.exposure, self._set_exposure = soft_signal_r_and_setter(float, units="s")
            self.scale_offset, self._set_offset = soft_signal_r_and_setter(float)
            self.scale_span, self._set_span = soft_signal_r_and_setter(float)
            self.tau, self._set_tau = soft_signal_r_and_setter(float, units="s")
            self.n_points, self._set_n_points = soft_signal_r_and_setter(int)
        self.status = readable(float, self.connection, "STAT")
        self.lamp = settable(int, self.connection, "LAMP")
        self.set_name(setup.name)

    async def show(self, program: Program, lists: Sequence[Numbers]) -> None:
        """The trace, with its calibration."""
        scale = self.numbers(await self.connection.read("CAL:SCALE"))
        if len(scale) != 2:
            raise TransportError(f"{self.name} answers CAL:SCALE? with {scale.tolist()}, not with offset and span")
        time, transmission = lists
        self._set_time(time)
        self._set_transmission(transmission)
        self._set_offset(float(scale[0]))
        self._set_span(float(scale[1]))
        self._set_tau(float(str(await self.connection.read("CAL:TAU"))))
        self._set_exposure(float(program.arguments["exposure"]))
        self._set_n_points(len(time))
