"""Feasibility from refusals."""

from dataclasses import replace

import numpy as np
import pytest

from planners.feasibility import log_chance
from planners.protocols import Refused
from tests.contracts.planner import question


def test_without_refusals_everything_can_be_made() -> None:
    """No candidate is put behind another."""
    assert log_chance(question(), np.random.default_rng(0).random((5, 3))).tolist() == [0.0] * 5


def test_the_chance_falls_towards_a_refused_candidate() -> None:
    """Half at its place, all far away, monotonic between."""
    asked = replace(question(n_observed=0), refused=(Refused((1.0, 0.0, 0.0), ("line_a", "line_b")),))
    away = np.array([[1.0 - x, x, 0.0] for x in (0.0, 0.02, 0.05, 0.1, 0.5)])
    chances = np.exp(log_chance(asked, away))
    assert chances[0] == pytest.approx(0.5)
    assert (np.diff(chances) > 0).all()
    assert chances[-1] == pytest.approx(1.0)


def test_what_was_made_nearby_raises_the_chance() -> None:
    """A success beside a refusal counts against it."""
    refused = (Refused((1.0, 0.0, 0.0), ("line_a",)),)
    alone = replace(question(n_observed=0), refused=refused)
    beside = replace(alone, made=((0.98, 0.02, 0.0), (1.0, 0.0, 0.0)))
    point = np.array([[0.99, 0.01, 0.0]])
    assert log_chance(beside, point)[0] > log_chance(alone, point)[0]
