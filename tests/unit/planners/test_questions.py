"""Reading a question."""

from dataclasses import replace

import pytest

from planners.errors import SettingsError, SpaceError
from planners.protocols import Learned, Outcome, Refused
from planners.questions import choices, no_settings, sorted_observations, taken
from tests.contracts.planner import BOX, POOL, question


def test_made_pending_and_refused_candidates_are_taken_once() -> None:
    """One that is all three counts once."""
    twice = POOL[3]
    asked = replace(question(n_observed=0), made=(twice, POOL[4]), pending=(twice,), refused=(Refused(twice, ("a",)),))
    assert taken(asked).tolist() == sorted([list(twice), list(POOL[4])])


def test_choices_keep_the_pools_order_and_are_none_without_one() -> None:
    """A continuous space has no choices to list."""
    asked = replace(question(n_observed=0), made=(POOL[0],))
    left = choices(asked)
    assert left is not None
    assert left.tolist() == [list(p) for p in POOL[1:]]
    assert choices(question(BOX)) is None


def test_a_pool_of_another_width_is_refused() -> None:
    """A pool with a column too many belongs to another space."""
    with pytest.raises(SpaceError, match="4 values"):
        choices(replace(question(), pool=((0.1, 0.2, 0.3, 0.4),)))


def test_a_sample_measured_twice_has_both_observations_in_a_fixed_order() -> None:
    """By value where the sample is the same."""
    one, two = (Learned("s-1", (0.1,), {"loss": Outcome(v, 0.1)}) for v in (2.0, 1.0))
    asked = question(n_observed=0)
    assert sorted_observations(replace(asked, observations=(one, two))) == (two, one)
    assert sorted_observations(replace(asked, observations=(two, one))) == (two, one)


def test_no_settings_means_none() -> None:
    """Both ways of saying nothing pass."""
    no_settings("random", None)
    no_settings("random", {})
    with pytest.raises(SettingsError, match="random has no settings, but was given depth, width"):
        no_settings("random", {"width": 1, "depth": 2})
