"""The space-filling planner."""

from dataclasses import replace

import numpy as np
import pytest

from planners.protocols import Planner
from planners.random_choice import RandomPlanner
from planners.space_filling import SpaceFillingPlanner, fill
from tests.contracts.planner import PlannerContract, question, rows


class TestSpaceFillingPlanner(PlannerContract):
    """The contract."""

    @pytest.fixture
    def planner(self) -> Planner:
        """A space-filling planner."""
        return SpaceFillingPlanner({})


def _closest(points: np.ndarray) -> float:
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    return float(distances[np.triu_indices(len(points), 1)].min())


def test_points_are_farther_apart_than_random_ones() -> None:
    """Over twenty seeds, by the smallest distance between two of eight candidates."""
    ours, theirs = [], []
    for seed in range(20):
        asked = replace(question(n_observed=0, n=8), seed=seed)
        ours.append(_closest(fill(asked, 8)))
        theirs.append(_closest(np.array(rows(RandomPlanner().propose(asked)))))
    assert np.mean(ours) > 1.5 * np.mean(theirs)


def test_what_was_made_counts_as_occupied() -> None:
    """The second batch keeps away from the first."""
    asked = question(n_observed=0, n=4)
    first = fill(asked, 4)
    second = fill(replace(asked, made=tuple(map(tuple, first.tolist())), number=2), 4)
    assert _closest(np.concatenate([first, second])) > 0.2
