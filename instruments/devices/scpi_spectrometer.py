"""The UV-vis spectrometer on SCPI, through pyvisa-py."""

from collections.abc import Sequence

import numpy as np
from ophyd_async.core import Array1D, soft_signal_r_and_setter

from instruments.devices.backend import readable, settable
from instruments.devices.device import DeviceSetup
from instruments.devices.scpi import Numbers, ScpiDevice
from instruments.programs import Program


class ScpiSpectrometer(ScpiDevice):
    """Records the transmittance of what stands on its stage, against air.

    After a spectrum `wavelength` (nm), `transmittance`, `averages` and `n_points` are read.
    """

    halt_signal = ("SHUT", 0.0)
    program, asks, lists = "SPEC", ("averages",), ("TRACE:WAVE", "TRACE:TRAN")

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        with self.add_children_as_readables():
            self.wavelength, self._set_wavelength = soft_signal_r_and_setter(Array1D[np.float64], units="nm")
            self.transmittance, self._set_transmittance = soft_signal_r_and_setter(Array1D[np.float64], units="1")
            self.averages, self._set_averages = soft_signal_r_and_setter(float)
            self.n_points, self._set_n_points = soft_signal_r_and_setter(int)
        self.status = readable(float, self.connection, "STAT")
        self.shutter = settable(int, self.connection, "SHUT")
        self.set_name(setup.name)

    async def show(self, program: Program, lists: Sequence[Numbers]) -> None:
        """The spectrum."""
        wavelength, transmittance = lists
        self._set_wavelength(wavelength)
        self._set_transmittance(transmittance)
        self._set_averages(float(program.arguments["averages"]))
        self._set_n_points(len(wavelength))
