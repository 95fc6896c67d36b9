"""Acts that make a film start their program with its set-points."""

import pytest

from instruments.plans.making import anneal, mix, spin
from instruments.programs import Start


@pytest.mark.parametrize(
    ("plan", "arguments"),
    [
        (mix, {"vial": "vial_a", "volumes": "csi:1.00"}),
        (spin, {"speed": 4000.0, "duration": 40.0, "delay": 15.0}),
        (anneal, {"temperature": 100.0, "duration": 600.0}),
    ],
)
def test_each_is_one_program_under_its_token(plan, arguments):
    messages = list(plan("device", Start("0" * 16, 3), **arguments))
    (program,) = next(message for message in messages if message.command == "set").args
    assert (program.token, program.epoch, program.command) == ("0" * 16, 3, plan.__name__)
    assert program.arguments == arguments
    assert "read" in [message.command for message in messages]
