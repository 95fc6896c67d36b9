from hypothesis import given
from hypothesis import strategies as st

from lab_agents.restarts import Restarts
from lab_agents.settings import Settings

PATIENT = Settings(restarts=100)


def test_the_first_end_costs_no_time_and_the_fifth_within_a_minute_holds():
    restarts = Restarts()
    assert [restarts.ended(10.0) for _ in range(5)] == [10.0, 11.0, 12.0, 14.0, None]


def test_the_wait_grows_to_ten_seconds():
    restarts = Restarts(PATIENT)
    waits = [(restarts.ended(10.0) or 0.0) - 10.0 for _ in range(10)]
    assert waits == sorted(waits)
    assert waits[-1] == 10.0


@given(st.lists(st.floats(60.1, 1e6), min_size=1))
def test_ends_more_than_a_minute_apart_never_hold(gaps):
    restarts, now = Restarts(), 0.0
    for gap in gaps:
        now += gap
        assert restarts.ended(now) == now


def test_only_the_ends_of_the_last_minute_count():
    restarts = Restarts()
    for now in (0.0, 30.0, 50.0):
        restarts.ended(now)
    assert [restarts.count(now) for now in (50.0, 61.0, 100.0, 111.0)] == [3, 2, 1, 0]


def test_a_person_lets_it_begin_anew():
    restarts = Restarts()
    for _ in range(5):
        restarts.ended(0.0)
    restarts.forget()
    assert restarts.ended(1.0) == 1.0
