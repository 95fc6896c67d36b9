"""Set-points that must not pass: each is refused by the checks of the agent, whatever instrument it is for."""

from itertools import islice
from pathlib import Path

import pytest

from instruments.errors import InterlockError
from instruments.interlocks import check_set_points
from instruments.lab import find_laboratory, read_laboratory
from lab_agents.benchmarks.fuzz import UNITS, USUAL, Refused, fuzzed_set_points, set_point_figures


@pytest.fixture(scope="module")
def declared():
    return read_laboratory(find_laboratory("thin_film", Path())).instruments


def test_every_fuzzed_set_point_is_refused_and_equal_seeds_give_equal_ones(declared):
    for given in islice(fuzzed_set_points(3), 300):
        if given.instrument != "robot":
            with pytest.raises(InterlockError):
                check_set_points(given.instrument, declared[given.instrument], given.plan, given.arguments)
    first, again = (repr(list(islice(fuzzed_set_points(3), 50))) for _ in range(2))
    assert first == again


def test_usual_programs_pass_and_every_wrong_unit_is_outside_the_limits(declared):
    for name, (plan, usual) in USUAL.items():
        check_set_points(name, declared[name], plan, usual)
        for quantity in usual:
            for value in UNITS[quantity]:
                with pytest.raises(InterlockError):
                    check_set_points(name, declared[name], plan, {**usual, quantity: value})


def test_a_set_point_that_passed_one_layer_fails_that_layer():
    whole = Refused(n=10, record=3, bid=8, agent=10, transport=10, moved=0, n_open=2, answered=2)
    assert {row.verdict for row in set_point_figures(whole)} == {"passed"}
    leaky = Refused(n=10, record=3, bid=8, agent=10, transport=9, moved=1, n_open=2, answered=2)
    assert [row.verdict for row in set_point_figures(leaky)] == ["failed", "passed", "passed", "failed"]


def test_nothing_is_proved_where_good_programs_do_not_arrive_either():
    shut = Refused(n=10, record=3, bid=8, agent=10, transport=10, moved=0, n_open=2, answered=1)
    assert set_point_figures(shut)[0].verdict == "failed"
