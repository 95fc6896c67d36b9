"""The mutator puts an intent before the one actuation, and its outcome after the wait."""

import pytest
from bluesky import Msg

from instruments.errors import PlanError
from instruments.intents import with_intents


class Named:
    """A thing with a name."""

    name = "furnace"


FURNACE = Named()


def _commands(*messages):
    """What a RunEngine would be sent."""

    def plan():
        yield from messages

    return [message.command for message in with_intents(plan())]


@pytest.mark.parametrize("command", ["set", "trigger", "kickoff"])
def test_an_actuation_is_surrounded(command):
    messages = (Msg("open_run"), Msg(command, FURNACE, group="a"), Msg("wait", None, group="a"), Msg("close_run"))
    assert _commands(*messages) == ["open_run", "intend", command, "wait", "outcome", "close_run"]
    positional = (Msg(command, FURNACE, group="a"), Msg("wait", None, "a"))
    assert _commands(*positional) == ["intend", command, "wait", "outcome"]


def test_waits_for_other_groups_are_left_alone():
    messages = (Msg("wait", None, group="b"), Msg("set", FURNACE, group="a"), Msg("wait", None, group="b"))
    assert _commands(*messages, Msg("wait", None, group="a")) == ["wait", "intend", "set", "wait", "wait", "outcome"]


def test_a_plan_without_an_actuation_is_left_alone():
    assert _commands(Msg("open_run"), Msg("read", FURNACE)) == ["open_run", "read"]


def _until_refused(*messages):
    """The commands that are sent before the plan is refused, and the refusal."""
    sent = []
    with pytest.raises(PlanError) as refused:
        _send(with_intents(iter_of(*messages)), sent)
    return sent, str(refused.value)


def _send(plan, sent):
    for message in plan:
        sent.append(message.command)


def test_a_second_actuation_is_refused_before_it_is_sent():
    sent, reason = _until_refused(Msg("set", FURNACE, group="a"), Msg("trigger", FURNACE, group="a"))
    assert "second actuation, trigger of furnace" in reason
    assert sent == ["intend", "set"]


def test_an_actuation_that_nothing_can_wait_for_is_refused_before_it_is_sent():
    sent, reason = _until_refused(Msg("set", FURNACE))
    assert "Nothing can wait for set of furnace" in reason
    assert sent == []


def test_an_actuation_that_was_not_waited_for_is_waited_for_and_then_refused():
    sent, reason = _until_refused(Msg("set", FURNACE, group="a"), Msg("close_run"))
    assert "without waiting" in reason
    assert sent == ["intend", "set", "close_run", "wait", "outcome"]


def iter_of(*messages):
    """A plan."""
    yield from messages
