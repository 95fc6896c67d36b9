"""Whether a drill is due, by the last one that passed on each machine."""

from datetime import timedelta

from lab_agents.drills import drill_standing
from lab_agents.records.drills import Drills
from tests.unattended import stop_request

DRILLS = Drills(every="7 d", person="ada")
HELD = stop_request("drill-1")


def test_no_drill_is_due_until_the_interval_has_passed():
    standing = drill_standing(DRILLS, [HELD], HELD.at + timedelta(days=6))
    assert (standing.is_due, standing.due_at) == (False, HELD.at + timedelta(days=7))
    assert standing.to_text().startswith("no drill due before ")


def test_a_drill_is_overdue_since_the_interval_has_passed():
    standing = drill_standing(DRILLS, [HELD], HELD.at + timedelta(days=7))
    assert standing.is_due
    assert f"OVERDUE since {HELD.at + timedelta(days=7):%Y-%m-%d %H:%M} UTC" in standing.to_text()
    assert "ada sees to it" in standing.to_text()


def test_the_machine_whose_drill_is_longest_ago_counts():
    earlier = HELD.model_copy(update={"at": HELD.at - timedelta(days=3)})
    assert drill_standing(DRILLS, [HELD, earlier], HELD.at).last_at == earlier.at


def test_a_machine_that_never_passed_a_drill_makes_one_due():
    standing = drill_standing(DRILLS, [HELD, None], HELD.at)
    assert (standing.is_due, standing.last_at, standing.due_at) == (True, None, None)
    assert "none has passed here yet" in standing.to_text()
