"""Campaigns by the agents themselves, and how they are judged."""

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.bench.ring_campaign import Operation, RingOutcome, lower_bound


def outcome(*utilities: tuple[float, float]) -> RingOutcome:
    """A campaign of ten hours."""
    return RingOutcome(0, 10.0, 20, 15, 12.0, 10.0, "xrd", utilities)


def test_a_rate_counts_what_was_measured():
    assert outcome().rate == 1.5


def test_regret_is_averaged_over_the_hours():
    """Nothing for four hours, 0.5 for four, 0.75 for two, of a best of one."""
    mean = outcome((8.0, 0.75), (4.0, 0.5)).mean_regret(1.0, 10.0)
    assert abs(mean - (4 * 1.0 + 4 * 0.5 + 2 * 0.25) / 10) < 1e-12


def test_what_comes_after_the_horizon_does_not_count():
    assert outcome((4.0, 1.0), (6.0, 0.5)).mean_regret(1.0, 4.0) == 1.0


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 1)), max_size=9), st.tuples(st.floats(0, 9), st.floats(0, 1)))
def test_one_more_sample_never_raises_regret(samples, more):
    assert outcome(*samples, more).mean_regret(1.0, 10.0) <= outcome(*samples).mean_regret(1.0, 10.0) + 1e-12


def test_the_bound_is_that_of_the_busiest_instrument_between_its_shortest_head_and_tail():
    """Two samples: made at once on two lines (10 and 20 s), then one diffractometer (30 s each), then a probe (5 s)."""
    operations = [
        Operation("u", "line_a", 0, 10),
        Operation("v", "line_b", 0, 20),
        Operation("u", "xrd", 10, 40),
        Operation("v", "xrd", 40, 70),
        Operation("u", "probe", 40, 45),
        Operation("v", "probe", 70, 75),
    ]
    assert lower_bound(operations) == ("xrd", 75.0)
