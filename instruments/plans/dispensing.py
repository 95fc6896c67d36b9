"""Acts of a dispenser."""

from bluesky.utils import MsgGenerator

from instruments.devices.device import ProgramDevice
from instruments.plans.acting import act
from instruments.programs import Start


def new_vial(device: ProgramDevice, start: Start) -> MsgGenerator[None]:
    """Discard the vial and take a new one. Reads nothing."""
    yield from act(device, start, start.program("new_vial"), has_results=False)


def dose(device: ProgramDevice, start: Start, *, channel: int, volume: float) -> MsgGenerator[None]:
    """Add `volume` (µL) from `channel` to the vial; reads `channel`, `asked`, `delivered`, `deviation`."""
    yield from act(device, start, start.program("dose", channel=channel, volume=volume))
