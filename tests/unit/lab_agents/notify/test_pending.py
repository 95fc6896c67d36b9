"""Notices wait on disk until they are taken."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from lab_agents.errors import StateFolderError
from lab_agents.notify.notice import make_notice
from lab_agents.notify.pending import KEPT, ChannelState, PendingNotices, read_states

AT = datetime(2026, 1, 1, tzinfo=UTC)
BOTH = {"phone": ("tickets", "stops"), "office": ("tickets",)}


def notice(id_: str, about: str = "tickets", at: datetime = AT):
    """One."""
    return make_notice(id_, about, "lab", at, f"title of {id_}", "text")


@pytest.fixture
def path(tmp_path):
    """Where they wait."""
    return tmp_path / "notifications" / "pending.sqlite"


def ids(pending: PendingNotices, channel: str) -> list[str]:
    """What a channel has not taken."""
    return [one.id for _, one in pending.waiting(channel)]


def test_each_channel_gets_what_it_wants_once_and_in_order_also_after_a_restart(path):
    """The same thing met again, by the bus and by the log, is one notice."""
    with closing(PendingNotices(path)) as pending:
        assert pending.position() is None
        assert pending.since(AT) == AT
        assert pending.add([notice("a"), notice("b", "stops")], BOTH, 7) == 2
    with closing(PendingNotices(path)) as pending:
        assert pending.add([notice("b", "stops"), notice("c")], BOTH, 9) == 1
        assert pending.position() == 9
        assert pending.since(AT + timedelta(hours=1)) == AT
        assert ids(pending, "phone") == ["a", "b", "c"]
        assert ids(pending, "office") == ["a", "c"]
        pending.taken("phone", [number for number, _ in pending.waiting("phone")[:2]], AT)
        assert (ids(pending, "phone"), ids(pending, "office")) == (["c"], ["a", "c"])


def test_what_fails_half_way_leaves_neither_notices_nor_position(path):
    """Otherwise an entry would be passed over in silence."""
    with closing(PendingNotices(path)) as pending:
        pending.add([notice("a")], BOTH, 7)
        with pytest.raises(AttributeError):
            pending.add([notice("b"), None], BOTH, 8)
        assert ids(pending, "phone") == ["a"]
        assert pending.position() == 7


def test_how_a_channel_stands_is_told_from_outside(path):
    """Since when it takes nothing is the first failure, why the last."""
    assert read_states(path, ["phone"]) == (ChannelState(name="phone"),)
    with closing(PendingNotices(path)) as pending:
        pending.add([notice("a"), notice("b")], BOTH)
        assert pending.failed("phone", "nobody listens", AT) == AT
        assert pending.failed("phone", "500", AT + timedelta(hours=1)) == AT
        (phone,) = read_states(path, ["phone"])
        assert phone.text == "2 waiting, it takes nothing since 2026-01-01T00:00:00+00:00: 500"
        pending.taken("phone", [number for number, _ in pending.waiting("phone")], AT)
        (phone,) = pending.states(["phone"])
        assert phone.text == "nothing waits, last taken 2026-01-01T00:00:00+00:00"


def test_what_was_delivered_long_ago_goes_and_what_waits_stays(path):
    """The file does not grow for ever."""
    with closing(PendingNotices(path)) as pending:
        pending.add([notice("old", "stops"), notice("waits")], BOTH)
        pending.taken("phone", [number for number, _ in pending.waiting("phone")], AT)
        pending.add([notice("new", "stops", AT + 2 * KEPT)], BOTH)
        pending.taken("phone", [number for number, _ in pending.waiting("phone")], AT + 2 * KEPT)
        assert ids(pending, "office") == ["waits"]
        # What is gone would be told again, what is there would not.
        assert pending.add([notice("old", "stops"), notice("waits"), notice("new", "stops")], BOTH) == 1


def test_a_file_that_is_none_is_refused_with_its_name(path):
    """And nobody who only looks falls over it."""
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StateFolderError, match=r"pending\.sqlite cannot be opened"):
        PendingNotices(path)
    assert "cannot be read" in read_states(path, ["phone"])[0].error
