"""How long a station looks."""

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.looks import HOPELESS, Looks, Seen
from lab_agents.records.target import Constraint, Target

TARGET = Target(
    property="lead",
    direction="minimize",
    parameter="pb",
    constraints=(Constraint(property="gap", lower=1.33, upper=1.37, unit="eV"), Constraint(property="kept", lower=0.9)),
)
STATION = {"longer": "time_per_step", "longer_by": 3.0, "shorter_by": 0.5, "with_time_per_step": 0.4}


def test_a_sample_of_which_nothing_is_known_may_meet_the_target():
    assert Looks().promise("s", TARGET) == 1.0


def test_a_sample_whose_gap_is_far_off_is_looked_at_shortly():
    looks = Looks(seen={"s": Seen(campaign="c", values={"gap": (1.6, 0.006)})})
    look = looks.choose(STATION, looks.promise("s", TARGET), 800.0)
    assert look.factor == 0.5
    assert look.worth < 0.2
    assert look.why == "a short look, because the chance to meet the target is 0.00"


def test_a_bound_that_cannot_be_read_is_not_met():
    assert Seen(campaign="c", unread=frozenset({"gap"})).promise(TARGET) == 0.0
    assert Seen(campaign="c", unread=frozenset({"sheet_resistance"})).promise(TARGET) == 1.0


def test_a_station_without_a_shorter_look_looks_as_usual():
    assert Looks().choose({"longer": "averages", "longer_by": 4.0}, 0.0, 90.0).factor == 1.0


def test_a_promising_sample_is_looked_at_long_where_usual_looks_are_mostly_repeated():
    assert Looks().choose(STATION, 1.0, 800.0).factor == 1.0
    look = Looks(n_open=30).choose(STATION, 1.0, 800.0)
    assert look.factor == 3.0
    assert look.why == "a long look at once, because 78% of the usual ones left the matter open"


@given(promise=st.floats(0, 1), n_open=st.integers(0, 50), n_decided=st.integers(0, 50))
def test_more_promise_never_shortens_a_look_or_lessens_its_worth(promise, n_open, n_decided):
    looks = Looks(n_open=n_open, n_decided=n_decided)
    less = looks.choose(STATION, HOPELESS / 2, 800.0)
    more = looks.choose(STATION, max(promise, HOPELESS), 800.0)
    assert more.factor >= less.factor
    assert more.worth > less.worth > 0
