"""The random planner."""

from dataclasses import replace

import pytest

from planners.errors import SettingsError
from planners.protocols import Planner
from planners.random_choice import RandomPlanner
from tests.contracts.planner import PlannerContract, question, rows


class TestRandomPlanner(PlannerContract):
    """The contract."""

    @pytest.fixture
    def planner(self) -> Planner:
        """A random planner."""
        return RandomPlanner({})


def test_each_proposal_of_a_campaign_draws_anew() -> None:
    """The number of the proposal is part of the key."""
    asked = question(n=6)
    proposals = {tuple(rows(RandomPlanner().propose(replace(asked, number=k)))) for k in range(1, 6)}
    assert len(proposals) == 5


def test_settings_are_refused_by_name() -> None:
    """A misspelt setting is an error, not a silent default."""
    with pytest.raises(SettingsError, match="speed"):
        RandomPlanner({"speed": 2})
