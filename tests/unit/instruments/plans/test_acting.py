"""Every act is one plan of one shape."""

from instruments.plans.acting import act
from instruments.programs import Start

RUN = ["clear_checkpoint", "open_run", "set", "wait", "create", "read", "save", "close_run"]


def test_an_act_is_one_actuation_its_wait_and_one_event():
    start = Start("0" * 16, 1)
    messages = list(act("coater", start, start.program("coat")))
    assert [message.command for message in messages] == RUN
    assert messages[2].args[0] == start.program("coat")
    assert messages[2].kwargs["group"] == messages[3].kwargs["group"]


def test_an_act_without_results_reads_nothing():
    start = Start("0" * 16, 1)
    commands = [message.command for message in act("coater", start, start.program("coat"), has_results=False)]
    assert commands == [*RUN[:4], "close_run"]


def test_an_act_that_attaches_moves_nothing():
    start = Start("0" * 16, 1, attaches=True)
    commands = [message.command for message in act("coater", start, start.program("coat"))]
    assert commands == [*RUN[:2], "follow", *RUN[4:]]
