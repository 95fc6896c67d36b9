from datetime import UTC, datetime

import pytest

from lab_agents.errors import GuardError
from lab_agents.latch import UNREADABLE, Latch
from lab_agents.messages.frames import Rearm
from tests.unattended import stop_request


def rearm(stop, person="ada", reason="looked"):
    return Rearm(stop=stop, person=person, reason=reason, at=datetime.now(UTC))


def test_a_latch_outlives_its_process(tmp_path):
    latch = Latch(tmp_path / "latch.json")
    assert not latch.is_set
    request = stop_request()
    assert latch.hold(request)
    latch.save()
    assert Latch(tmp_path / "latch.json").stops == (request,)


def test_a_lifted_stop_never_stops_again(tmp_path):
    latch = Latch(tmp_path / "latch.json")
    latch.hold(stop_request())
    latch.lift(rearm("stop-1"))
    assert not latch.is_set
    again = Latch(tmp_path / "latch.json")
    assert not again.hold(stop_request())
    assert not again.is_set
    assert [r.person for r in again.rearms] == ["ada"]


def test_lifting_one_stop_leaves_another(tmp_path):
    latch = Latch(tmp_path / "latch.json")
    latch.hold(stop_request("a"))
    latch.hold(stop_request("b"))
    assert not latch.hold(stop_request("a")), "it is in force already"
    latch.lift(rearm("a"))
    assert [stop.id for stop in Latch(tmp_path / "latch.json").stops] == ["b"]
    assert latch.is_set


@pytest.mark.parametrize(("person", "reason"), [("", "looked"), ("ada", " ")])
def test_rearming_names_a_person_and_a_reason(tmp_path, person, reason):
    latch = Latch(tmp_path / "latch.json")
    latch.hold(stop_request())
    with pytest.raises(GuardError, match="names the stop, a person and a reason"):
        latch.lift(rearm("stop-1", person, reason))
    assert latch.is_set


def test_rearming_another_stop_is_refused_with_the_one_in_force(tmp_path):
    latch = Latch(tmp_path / "latch.json")
    latch.hold(stop_request())
    with pytest.raises(GuardError, match="'stop-2' is not in force; in force: stop-1"):
        latch.lift(rearm("stop-2"))


def test_an_unreadable_latch_is_a_stop_until_a_person_lifts_it(tmp_path):
    path = tmp_path / "latch.json"
    path.write_text("{")
    latch = Latch(path)
    assert latch.stops[0].id == UNREADABLE
    assert (tmp_path / "latch.unreadable").read_text() == "{"
    latch.lift(rearm(UNREADABLE))
    assert not Latch(path).is_set
