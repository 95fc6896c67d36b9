"""Acts that measure a film: its pattern, its spectrum, its sheet resistance; and the light that ages it."""

from bluesky.utils import MsgGenerator

from instruments.devices.device import ProgramDevice
from instruments.plans.acting import act
from instruments.programs import Start


def scan(
    device: ProgramDevice, begin: Start, /, *, start: float, stop: float, step: float, time_per_step: float
) -> MsgGenerator[None]:
    """Count from `start` to `stop` in `step` (degrees of 2θ), `time_per_step` (s) each.

    Reads `counts`, the settings, `n_points`, `wavelengths` (Å), `ratio` and `radius` (mm).
    """
    program = begin.program("scan", start=start, stop=stop, step=step, time_per_step=time_per_step)
    yield from act(device, begin, program)


def spectrum(device: ProgramDevice, start: Start, *, averages: float) -> MsgGenerator[None]:
    """Average `averages` spectra; reads `wavelength` (nm), `transmittance`, `averages`, `n_points`."""
    yield from act(device, start, start.program("spectrum", averages=averages))


def illuminate(device: ProgramDevice, start: Start, *, suns: float, duration: float) -> MsgGenerator[None]:
    """Expose the film to `suns` for `duration` (s).

    Reads `time` (s), `irradiance` (suns), both settings, `n_points`.
    """
    yield from act(device, start, start.program("illuminate", suns=suns, duration=duration))


def sweep(device: ProgramDevice, start: Start, *, current: float, points: float) -> MsgGenerator[None]:
    """Read `points` voltages at currents of both signs up to `current` (A).

    Reads `current` (A), `voltage` (V), `spacing` (mm), `compliance` (V), `n_points`.
    """
    yield from act(device, start, start.program("sweep", current=current, points=points))
