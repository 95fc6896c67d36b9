"""Levels of autonomy: what runs alone, what is asked for, and whose word counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lab_agents.records.autonomy import Autonomy, Trusted, may_approve
from tests.strategies import records

HOT = Autonomy(level="bounded", within={"temperature": Trusted(lower=60.0, upper=120.0)})


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ({"level": "manual", "first": 3}, "first belong to level bounded; the level is manual"),
        ({"within": {"x": Trusted(upper=1.0)}}, "the level is autonomous"),
        ({"level": "bounded"}, "needs at least one of within, first, measurements"),
        ({"by": ("ada",)}, "level autonomous asks nobody"),
        ({"level": "careful"}, "'manual', 'bounded' or 'autonomous'"),
    ],
)
def test_what_contradicts_itself_is_refused(declared, problem):
    with pytest.raises(ValidationError, match=problem):
        Autonomy(**declared)


def test_a_trusted_range_has_bounds_in_order():
    with pytest.raises(ValidationError, match="lower 2 is above upper 1"):
        Trusted(lower=2.0, upper=1.0)
    with pytest.raises(ValidationError, match="neither a lower nor an upper bound"):
        Trusted()


@given(value=st.floats(0.0, 200.0))
def test_a_bounded_campaign_asks_exactly_outside_its_trusted_region(value):
    why = HOT.why_ask_to_make({"temperature": value, "speed": 3000.0}, 0)
    assert bool(why) == (not 60.0 <= value <= 120.0)


def test_it_says_by_how_much_a_candidate_lies_outside():
    assert HOT.why_ask_to_make({"temperature": 140.0}, 0) == "temperature 140 is above 120"
    assert HOT.why_ask_to_make({"temperature": 20.0}, 0) == "temperature 20 is below 60"
    hot = Autonomy(level="bounded", within={"temperature": Trusted(upper=120.0, unit="°C")})
    assert hot.why_ask_to_make({"temperature": 140.0}, 0) == "temperature 140 is above 120 °C"


@given(autonomy=records(Autonomy), n=st.integers(0, 100))
def test_autonomous_never_asks_and_manual_always_does(autonomy, n):
    asked = (autonomy.why_ask_to_make({}, n), autonomy.why_ask_to_measure("spectrum"))
    if autonomy.asks_always:
        assert all(asked)
    elif autonomy.level == "autonomous":
        assert not any(asked)


def test_measurements_are_asked_for_by_kind():
    bounded = Autonomy(level="bounded", measurements=("soak",))
    assert bounded.why_ask_to_measure("soak") == "every soak does"
    assert bounded.why_ask_to_measure("spectrum") == ""
    assert bounded.why_ask_to_make({"temperature": 400.0}, 0) == ""


def test_what_the_first_release_wrote_asks_always():
    stored = Autonomy.model_validate_json('{"approve_awards": true}')
    assert stored.asks_always
    assert not Autonomy.model_validate_json('{"approve_awards": false}').asks_always


def test_nobody_named_means_that_anybody_s_word_counts():
    assert may_approve("eve", ())
    assert may_approve("ada", ("ada", "bob"))
    assert not may_approve("eve", ("ada", "bob"))
