"""Derived ids and seeds."""

import pytest

from lab_agents.agents.causes import cause_of, keyed_seed


@pytest.mark.parametrize(
    ("entry_id", "cause"), [("robot/12/0", 12), ("line_a/7/move/1", 7), ("x/timer/s/d", -1), (None, -1), ("x", -1)]
)
def test_an_entry_id_names_its_cause(entry_id, cause):
    assert cause_of(entry_id) == cause


def test_seeds_differ_by_every_word_and_never_by_the_run():
    assert keyed_seed(1, "opv", "ask", 1) == keyed_seed(1, "opv", "ask", 1)
    assert len({keyed_seed(s, "opv", w, n) for s in (1, 2) for w in ("ask", "train") for n in (1, 2)}) == 8
    assert 0 <= keyed_seed(0, "x") < 2**31
