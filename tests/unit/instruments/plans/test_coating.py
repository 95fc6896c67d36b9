"""The plan of coat starts its program with its set-points."""

from instruments.plans.coating import coat
from instruments.programs import Start


def test_coat_is_one_program_under_its_token():
    messages = list(coat("device", Start("0" * 16, 3), speed=1500.0, duration=45.0))
    (program,) = next(message for message in messages if message.command == "set").args
    assert (program.token, program.epoch, program.command) == ("0" * 16, 3, "coat")
    assert program.arguments == {"speed": 1500.0, "duration": 45.0}
    assert messages[0].command == "clear_checkpoint"
