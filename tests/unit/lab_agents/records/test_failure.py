"""What happens when a task fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.records.failure import BY_KIND, LONGEST_WAIT, TASK_KINDS, FailurePolicy
from tests.strategies import records


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_every_kind_of_task_has_a_policy_that_can_be_meant(kind):
    assert BY_KIND[kind].flaw == ""


def test_what_is_refused_by_chance_one_time_in_five_fails_for_good_less_than_once_in_ten_thousand():
    """Of every kind that is tried again at all."""
    chances = [0.2 ** (1 + policy.retries) for kind, policy in BY_KIND.items() if kind != "other"]
    assert max(chances) < 1e-4


def test_a_wet_film_is_tried_again_within_half_of_what_it_may_wait():
    """It may wait for five minutes."""
    assert max(BY_KIND[kind].longest_wait for kind in ("transfer", "anneal")) <= 150


@given(policy=records(FailurePolicy))
def test_waits_never_become_shorter(policy):
    waits = [policy.wait(attempt) for attempt in range(policy.retries)]
    assert waits == sorted(waits)
    assert policy.longest_wait == sum(waits)


@given(retries=st.integers(1, 10), backoff=st.floats(0, 1e6), growth=st.floats(1, 10))
def test_a_policy_whose_retries_take_longer_than_a_week_cannot_be_meant(retries, backoff, growth):
    policy = FailurePolicy(retries=retries, backoff=backoff, growth=growth)
    assert bool(policy.flaw) == (policy.longest_wait > LONGEST_WAIT)


def test_a_policy_that_contradicts_itself_says_how():
    assert "0 times" in FailurePolicy(action="retry").flaw
    assert "never tried again" in FailurePolicy(instead=("lamp_2",)).flaw


def test_people_read_what_happens_in_order():
    policy = FailurePolicy(action="ask", retries=3, backoff=60.0, growth=2.0, instead=("lamp_2",))
    text = "tried again up to 3 times on lamp_2 in turn after 60 s (each wait 2 times the last), then a person is asked"
    assert policy.to_text() == text
    assert FailurePolicy(action="skip").to_text() == "the next step follows"
    assert FailurePolicy(retries=1).to_text() == "tried again once after 60 s, then the sample is quarantined"
