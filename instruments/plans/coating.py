"""Acts of a coater."""

from bluesky.utils import MsgGenerator

from instruments.devices.device import ProgramDevice
from instruments.plans.acting import act
from instruments.programs import Start


def coat(device: ProgramDevice, start: Start, *, speed: float, duration: float) -> MsgGenerator[None]:
    """Spin the vial's ink onto a fresh substrate at `speed` (1/min) for `duration` (s); reads both as executed."""
    yield from act(device, start, start.program("coat", speed=speed, duration=duration))
