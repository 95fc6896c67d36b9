"""The diffractometer on EPICS Channel Access: a classic ophyd device."""

import numpy as np
from numpy.typing import NDArray

from instruments.devices.epics import EpicsDevice
from instruments.errors import MissingDataError, TransportError
from instruments.programs import Answer, Program

# isort: split
# After the module that gives libca its context.
from ophyd import Component, EpicsSignalRO, Signal

_ASKS = ("start", "stop", "step", "time_per_step")


class EpicsDiffractometer(EpicsDevice):
    """Counts over 2θ of what stands on its stage.

    After a scan `counts`, `start`, `step` (degrees of 2θ), `time_per_step` (s) and `n_points` are read, and what the
    instrument says of itself: `wavelengths` (Å, of both lines), `ratio` of the second to the first, `radius` (mm).
    """

    held = Component(EpicsSignalRO, "COUNTS", auto_monitor=False, kind="omitted")
    lines = Component(EpicsSignalRO, "WAVELENGTHS", auto_monitor=False, kind="omitted")
    strength = Component(EpicsSignalRO, "RATIO", auto_monitor=False, kind="omitted")
    circle = Component(EpicsSignalRO, "RADIUS", auto_monitor=False, kind="omitted")

    counts = Component(Signal, value=np.zeros(1, dtype=np.int64))
    start = Component(Signal, value=0.0)
    step = Component(Signal, value=0.0)
    time_per_step = Component(Signal, value=0.0)
    n_points = Component(Signal, value=0)
    wavelengths = Component(Signal, value=np.zeros(2))
    ratio = Component(Signal, value=0.0)
    radius = Component(Signal, value=0.0)

    def words(self, program: Program) -> list[str]:
        """Range, step and time of the scan."""
        return [f"{name}={float(program.arguments[name])!r}" for name in _ASKS]

    async def keep(self, program: Program, answer: Answer) -> None:
        """Read the counts and make them readable.

        Raises:
            MissingDataError: If the instrument holds no pattern of that scan any more.
        """
        counts = await self.call("reading the counts", lambda: self._counts(program.token))
        asked = {name: float(program.arguments[name]) for name in _ASKS}
        expected = round((asked["stop"] - asked["start"]) / asked["step"]) + 1
        if len(counts) != expected:
            raise MissingDataError(
                f"{self.name} is done with token {program.token} and holds {len(counts)} of {expected} counts. Measure "
                "the sample again.",
                repeatable=self.traits.repeatable,
            )
        self.counts.put(counts)
        self.start.put(asked["start"])
        self.step.put(asked["step"])
        self.time_per_step.put(asked["time_per_step"])
        self.n_points.put(len(counts))
        await self.call("reading its constants", self._read_constants)

    def _counts(self, token: str) -> NDArray[np.int64]:
        self._ask(token)
        counts = np.atleast_1d(np.asarray(self.held.get(timeout=self.limit), dtype=np.int64))
        # The counts are of the token asked last by any client: they are ours if it was ours before and after.
        if not str(self.answer.get(timeout=self.limit)).startswith(f"token={token} "):
            raise TransportError(f"{self.name} was asked about another token meanwhile")
        return counts

    def _read_constants(self) -> None:
        self.wavelengths.put(np.atleast_1d(np.asarray(self.lines.get(timeout=self.limit), dtype=np.float64)))
        self.ratio.put(float(self.strength.get(timeout=self.limit)))
        self.radius.put(float(self.circle.get(timeout=self.limit)))
