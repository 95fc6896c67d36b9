"""What joint awards pay."""

from lab_agents.bench.ring_campaign import RingOutcome
from lab_agents.benchmarks.awards import ORDERS, award_figures, run_awards


def outcome(seed: int, hours: float, n: int, hour: float) -> RingOutcome:
    """A campaign that reaches half of what is best at an hour."""
    return RingOutcome(seed, hours, 32, n, hours, 0.9 * hours, "xrd", ((hour, 0.4),))


def test_rows_compare_samples_makespan_and_regret():
    differ = {"joint": [outcome(0, 10.0, 30, 4.0)], "first_come": [outcome(0, 12.0, 30, 6.0)]}
    alike = {order: [outcome(0, 10.0, 30, 4.0)] for order in ORDERS}
    rate, makespan, regret = award_figures(differ, alike, 0.8)
    assert abs((rate.measured or 0) - 1.2) < 1e-9
    assert rate.verdict == makespan.verdict == regret.verdict == "passed"
    assert "1.000 where lines are alike" in rate.note
    assert abs((regret.measured or 0) - (4 * 0.8 + 6 * 0.4) / 10) < 1e-9


def test_no_gain_is_a_failure():
    same = {order: [outcome(0, 10.0, 30, 4.0)] for order in ORDERS}
    assert [figure.verdict for figure in award_figures(same, same, 0.8)] == ["failed", "passed", "passed"]


def test_both_orders_make_the_same_films_in_the_same_world():
    joint, first = (run_awards("thin_film_old_line", order, 0, samples=4) for order in ORDERS)
    assert joint.n_begun == first.n_begun == 4
    assert joint.n_measured >= first.n_measured
    assert joint.hours < first.hours
    assert joint.makespan >= joint.bound > 1.0
