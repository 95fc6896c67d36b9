"""A permit lasts two seconds from the last word of a living supervision."""

from lab_agents.bus.protocol import Message
from lab_agents.messages.frames import Permit
from lab_agents.permits import HeardPermit


class Ear:
    """A permit heard on a wall clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.permit = HeardPermit(monotonic=lambda: self.now)

    def hear(self, *, granted: bool = True, retained: bool = False) -> None:
        """One word of supervision."""
        payload = Permit(number=1, granted=granted).model_dump_json().encode()
        self.permit.hear(Message("lab/x/permit", payload, retained))


def test_a_permit_that_was_never_heard_is_neither_granted_nor_lost():
    """A guard that has just started has nothing to make safe."""
    ear = Ear()
    ear.hear(retained=True)
    ear.permit.hear(Message("lab/x/permit", b"noise"))
    assert not ear.permit.is_granted(ear.now)
    assert ear.permit.lost_at(ear.now) is None


def test_a_permit_is_lost_two_seconds_after_the_last_word():
    """And granted again with the next one."""
    ear = Ear()
    ear.hear()
    assert ear.permit.is_granted(102.0)
    assert ear.permit.lost_at(102.0) is None
    assert not ear.permit.is_granted(102.1)
    assert ear.permit.lost_at(110.0) == 102.0
    ear.now = 110.0
    ear.hear()
    assert ear.permit.lost_at(110.0) is None


def test_a_permit_that_is_taken_back_is_lost_at_once():
    """Supervision has its reason."""
    ear = Ear()
    ear.hear(granted=False)
    assert ear.permit.lost_at(ear.now) == ear.now


def test_seconds_in_which_nobody_could_listen_do_not_count():
    """A frozen guard must not make a laboratory safe that never lost its permit."""
    ear = Ear()
    ear.hear()
    ear.permit.forgive(60.0)
    assert ear.permit.is_granted(161.0)
