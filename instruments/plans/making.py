"""Acts that make a film: mixing its ink, spinning it, annealing it."""

from bluesky.utils import MsgGenerator

from instruments.devices.device import ProgramDevice
from instruments.plans.acting import act
from instruments.programs import Start


def mix(device: ProgramDevice, start: Start, *, vial: str, volumes: str) -> MsgGenerator[None]:
    """Take a new vial at the place `vial` and add `volumes` (`stock:µL;…`) to it.

    Reads `vial`, `delivered`, `deviation` (as `stock:µL;…`) and `flagged`.
    """
    yield from act(device, start, start.program("mix", vial=vial, volumes=volumes))


def spin(device: ProgramDevice, start: Start, *, speed: float, duration: float, delay: float) -> MsgGenerator[None]:
    """Spin the vial's ink onto a substrate at `speed` (1/min) for `duration` (s), with antisolvent at `delay` (s).

    Reads all three as executed; a `delay` of 0 says that no drop was seen.
    """
    yield from act(device, start, start.program("spin", speed=speed, duration=duration, delay=delay))


def anneal(device: ProgramDevice, start: Start, *, temperature: float, duration: float) -> MsgGenerator[None]:
    """Ramp to `temperature` (°C), hold it for `duration` (s), cool below 40 °C; reads both as executed."""
    yield from act(device, start, start.program("anneal", temperature=temperature, duration=duration))
