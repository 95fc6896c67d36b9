"""The plan of dose starts its program with its set-points."""

from instruments.plans.dispensing import dose, new_vial
from instruments.programs import Start


def test_dose_is_one_program_under_its_token():
    messages = list(dose("device", Start("0" * 16, 3), channel=2, volume=20.0))
    (program,) = next(message for message in messages if message.command == "set").args
    assert (program.token, program.epoch, program.command) == ("0" * 16, 3, "dose")
    assert program.arguments == {"channel": 2, "volume": 20.0}
    assert messages[0].command == "clear_checkpoint"


def test_a_new_vial_reads_nothing():
    commands = [message.command for message in new_vial("device", Start("0" * 16, 3))]
    assert commands == ["clear_checkpoint", "open_run", "set", "wait", "close_run"]
