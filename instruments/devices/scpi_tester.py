"""The light-soak tester on SCPI, through pyvisa-py."""

from collections.abc import Sequence

import numpy as np
from ophyd_async.core import Array1D, soft_signal_r_and_setter

from instruments.devices.backend import readable, settable
from instruments.devices.device import DeviceSetup, WireDevice
from instruments.errors import MissingDataError, TransportError
from instruments.programs import Answer, Program, StartCode, start_code, token_state


class ScpiTester(WireDevice):
    """Exposes the film on its stage to light and records its transmission over time.

    After a soak `time` (s), `transmission`, `scale_offset`, `scale_span` (property units), `tau` (s), `exposure` (s)
    and `n_points` are read.
    """

    halt_signal = ("LAMP", 0.0)

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

    async def send(self, program: Program) -> StartCode:
        """One line; then the error queue of the same connection."""
        exposure = float(program.arguments["exposure"])
        await self.connection.write("SOAK:START", f'"{program.token}",{program.epoch},{exposure!r}')
        return start_code(self.name, float(str(await self.connection.read("verdict"))))

    async def ask(self, program: Program) -> Answer:
        """The token's state; the trace is read once, at the end."""
        return Answer(token_state(self.name, float(str(await self.connection.read("SOAK:STATE", program.token)))))

    async def keep(self, program: Program, answer: Answer) -> None:
        """Read trace and calibration, and make them readable.

        Raises:
            MissingDataError: If the instrument does not hold the trace any more.
        """
        time = _numbers(await self.connection.read("TRACE:TIME", program.token))
        transmission = _numbers(await self.connection.read("TRACE:DATA", program.token))
        scale = _numbers(await self.connection.read("CAL:SCALE"))
        if not len(time) or len(time) != len(transmission):
            raise MissingDataError(
                f"{self.name} is done with token {program.token} and holds {len(time)} times and {len(transmission)} "
                "transmissions of it. Measure the sample again.",
                repeatable=self.traits.repeatable,
            )
        if len(scale) != 2:
            raise TransportError(f"{self.name} answers CAL:SCALE? with {scale.tolist()}, not with offset and span")
        self._set_time(time)
        self._set_transmission(transmission)
        self._set_offset(float(scale[0]))
        self._set_span(float(scale[1]))
        self._set_tau(float(str(await self.connection.read("CAL:TAU"))))
        self._set_exposure(float(program.arguments["exposure"]))
        self._set_n_points(len(time))


def _numbers(value: object) -> Array1D[np.float64]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TransportError(f"{value!r} is no list of numbers")
    return np.array(value, dtype=np.float64)
