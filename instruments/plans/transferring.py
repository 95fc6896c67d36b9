"""Acts of a sample robot."""

from bluesky.utils import MsgGenerator

from instruments.devices.device import ProgramDevice
from instruments.plans.acting import act
from instruments.programs import Start


def transfer(device: ProgramDevice, start: Start, *, source: str, target: str) -> MsgGenerator[None]:
    """Carry what stands at the place `source` to the place `target`; reads `source` and `target`."""
    yield from act(device, start, start.program("transfer", source=source, target=target))
