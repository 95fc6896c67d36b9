"""What every act's plan is made of: no checkpoint, one run, one actuation and the wait for its end, one event."""

from bluesky import Msg
from bluesky.utils import MsgGenerator

from instruments.devices.device import ProgramDevice
from instruments.programs import Program, Start

GROUP = "actuation"
STREAM = "primary"


def act(device: ProgramDevice, start: Start, program: Program, *, has_results: bool = True) -> MsgGenerator[None]:
    """Run one program on one device (or attach to it), then read its results into one event.

    It begins with `clear_checkpoint`, so that a RunEngine which is asked to pause aborts instead of rewinding: a
    rewound plan doses twice.
    """
    yield Msg("clear_checkpoint")
    yield Msg("open_run")
    if start.attaches:
        yield Msg("follow", device, program)
    else:
        yield Msg("set", device, program, group=GROUP)
        yield Msg("wait", None, group=GROUP)
    if has_results:
        yield Msg("create", None, name=STREAM)
        yield Msg("read", device)
        yield Msg("save")
    yield Msg("close_run", exit_status=None, reason=None)
