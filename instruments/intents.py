"""Intent before motion: the engine's last preprocessor, around the one actuation of a plan."""

from bluesky import Msg
from bluesky.preprocessors import plan_mutator
from bluesky.utils import MsgGenerator

from instruments.errors import PlanError

ACTUATING = frozenset({"set", "trigger", "kickoff"})
"""Messages that move something. No set of a plan is harmless here: what only configures belongs into `connect`."""

INTEND, OUTCOME = "intend", "outcome"

_Pair = tuple[MsgGenerator[None] | None, MsgGenerator[None] | None]


def with_intents(plan: MsgGenerator[object]) -> MsgGenerator[object]:
    """Insert `intend` before the plan's actuating message, and `outcome` after the wait for its group.

    Raises:
        PlanError: For a second actuation, and for one whose group nothing can wait for, before it is sent; for one
            that nothing waited for, after it has been waited for here.
    """
    watched = _OneActuation()
    result = yield from plan_mutator(plan, watched.process)
    if watched.group is not None and not watched.is_waited_for:
        yield Msg("wait", None, group=watched.group)
        yield Msg(OUTCOME)
        raise PlanError("The plan ends without waiting for its actuation; wait for its group.")
    return result


class _OneActuation:
    """What was seen of one plan."""

    def __init__(self) -> None:
        self.group: object = None
        self.is_waited_for = False

    def process(self, message: Msg) -> _Pair:
        """What to put around one message."""
        if message.command in ACTUATING:
            return self._actuating(message), None
        if message.command == "wait" and self.group is not None and _group(message) == self.group:
            self.is_waited_for = True
            return None, _one(Msg(OUTCOME))
        return None, None

    def _actuating(self, message: Msg) -> MsgGenerator[None]:
        name = getattr(message.obj, "name", message.obj)
        if self.group is not None:
            raise PlanError(f"The plan holds a second actuation, {message.command} of {name}; make it an act.")
        if message.kwargs.get("group") is None:
            raise PlanError(f"Nothing can wait for {message.command} of {name}; give it a group and wait for that.")
        self.group = message.kwargs["group"]
        return _two(Msg(INTEND, message.obj), message)


def _group(message: Msg) -> object:
    return message.args[0] if message.args else message.kwargs.get("group")


def _one(message: Msg) -> MsgGenerator[None]:
    yield message


def _two(first: Msg, second: Msg) -> MsgGenerator[None]:
    yield first
    yield second
