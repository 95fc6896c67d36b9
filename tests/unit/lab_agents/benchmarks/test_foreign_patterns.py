"""Patterns that another program makes."""

import json

import numpy as np

from lab_agents.benchmarks.foreign_patterns import Film, make_pattern, record

MADE = {"cs": 1.0, "fa": 0.0, "ma": 0.0, "pb": 1.0, "sn": 0.0, "i": 1.0, "br": 0.0, "cl": 0.0}


def counts_of(shares: dict[str, float]) -> np.ndarray:
    film = Film(MADE, shares, 6.2, {}, {})
    return np.array(json.loads(make_pattern(film, np.random.default_rng(0)))["counts"])


def test_the_strongest_lines_stand_where_bragg_puts_them() -> None:
    """Cubic CsPbI3's (200) at 28.8°, lead iodide's (101) at 25.9°."""
    assert abs(8 + 0.02 * int(np.argmax(counts_of({"perovskite": 1.0}))) - 28.77) < 0.05
    assert abs(8 + 0.02 * int(np.argmax(counts_of({"pbi2": 1.0}))) - 25.92) < 0.05


def test_a_record_holds_whole_counts_and_equal_seeds_give_equal_ones() -> None:
    """As a detector counts."""
    assert np.array_equal(counts_of({"perovskite": 1.0}), counts_of({"perovskite": 1.0}))
    assert json.loads(record(np.array([1.0, 2.0])))["counts"] == [1, 2]
