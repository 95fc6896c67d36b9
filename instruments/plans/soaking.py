"""Acts of a light-soak tester."""

from bluesky.utils import MsgGenerator

from instruments.devices.device import ProgramDevice
from instruments.plans.acting import act
from instruments.programs import Start


def soak(device: ProgramDevice, start: Start, *, exposure: float) -> MsgGenerator[None]:
    """Expose the film on the stage to light for `exposure` (s) and record its transmission.

    Reads the trace (`time` in s, `transmission`), the calibration (`scale_offset`, `scale_span`, `tau` in s), and
    `exposure` and `n_points`.
    """
    yield from act(device, start, start.program("soak", exposure=exposure))
