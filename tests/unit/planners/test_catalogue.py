"""Planners by name."""

import pytest

from planners.catalogue import make_planner
from planners.errors import SettingsError


@pytest.mark.parametrize("name", ["bayesian", "constrained", "space_filling", "random"])
def test_each_shipped_planner_is_found_by_its_own_name(name: str) -> None:
    """As an entry point, the same way as a user's."""
    assert make_planner(name, {}).name == name


def test_an_unknown_planner_is_refused_with_the_installed_ones() -> None:
    """The message helps to spell it."""
    with pytest.raises(SettingsError, match=r"'bayes'; installed are bayesian, constrained, random, space_filling"):
        make_planner("bayes", {})


def test_settings_reach_the_planner() -> None:
    """And are checked by it."""
    with pytest.raises(SettingsError, match="incumbent"):
        make_planner("bayesian", {"incumbent": 7})
