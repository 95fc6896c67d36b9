"""Acts that measure a film start their program with its set-points."""

import pytest

from instruments.plans.measuring import illuminate, scan, spectrum, sweep
from instruments.programs import Start


@pytest.mark.parametrize(
    ("plan", "arguments"),
    [
        (scan, {"start": 8.0, "stop": 45.0, "step": 0.02, "time_per_step": 0.5}),
        (spectrum, {"averages": 16.0}),
        (illuminate, {"suns": 1.0, "duration": 1800.0}),
        (sweep, {"current": 0.01, "points": 10.0}),
    ],
)
def test_each_is_one_program_under_its_token(plan, arguments):
    messages = list(plan("device", Start("0" * 16, 3), **arguments))
    (program,) = next(message for message in messages if message.command == "set").args
    assert (program.token, program.epoch, program.command) == ("0" * 16, 3, plan.__name__)
    assert program.arguments == arguments
    assert "read" in [message.command for message in messages]
