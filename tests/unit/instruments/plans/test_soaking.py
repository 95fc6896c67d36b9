"""The plan of soak starts its program with its set-points."""

from instruments.plans.soaking import soak
from instruments.programs import Start


def test_soak_is_one_program_under_its_token():
    messages = list(soak("device", Start("0" * 16, 3), exposure=3600.0))
    (program,) = next(message for message in messages if message.command == "set").args
    assert (program.token, program.epoch, program.command) == ("0" * 16, 3, "soak")
    assert program.arguments == {"exposure": 3600.0}
    assert messages[0].command == "clear_checkpoint"
