"""The plan of transfer starts its program with its set-points."""

from instruments.plans.transferring import transfer
from instruments.programs import Start


def test_transfer_is_one_program_under_its_token():
    messages = list(transfer("device", Start("0" * 16, 3), source="stage_a", target="rack_1"))
    (program,) = next(message for message in messages if message.command == "set").args
    assert (program.token, program.epoch, program.command) == ("0" * 16, 3, "transfer")
    assert program.arguments == {"source": "stage_a", "target": "rack_1"}
    assert messages[0].command == "clear_checkpoint"
