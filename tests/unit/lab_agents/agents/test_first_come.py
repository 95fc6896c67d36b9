"""First come, first served."""

from lab_agents.agents.awards import award_held
from tests.unit.lab_agents.agents.test_awards import RULE, held, winners

FIRST = RULE.model_copy(update={"order": "first_come"})


def test_works_go_to_the_bidder_with_least_in_hand_whatever_its_speed():
    contests = {f"w{i}": held(f"w{i}", a=(100.0, 0.9, 0.0), b=(9000.0, 0.2, 0.0)) for i in range(4)}
    assert winners(contests, rule=FIRST) == {"w0": "a", "w1": "b", "w2": "a", "w3": "b"}


def test_of_equal_bidders_the_one_that_answered_first_is_served():
    assert winners({"w": held("w", b=(100.0, 0.9, 0.0), a=(100.0, 0.9, 0.0))}, rule=FIRST) == {"w": "b"}


def test_what_was_offered_first_is_awarded_first():
    late = held("u", 9.0, a=(100.0, 0.9, 0.0))
    late = late.model_copy(update={"offer": late.offer.model_copy(update={"since": 7})})
    awarded = award_held({"u": late, "v": held("v", a=(100.0, 0.9, 0.0))}, ["u", "v"], 1, FIRST)
    assert {w: c.phase for w, c in awarded.items()} == {"u": "held", "v": "awarded"}
    award = awarded["v"].award
    assert award is not None
    assert award.reason == "first come, first served: a had 0 works in hand"
