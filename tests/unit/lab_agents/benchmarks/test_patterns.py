"""The benchmark of phase fractions on a few films."""

import numpy as np
import pytest

from lab_agents.analysis.concluded import Concluded
from lab_agents.benchmarks.foreign_patterns import Film
from lab_agents.benchmarks.patterns import Outcome, benchmark_patterns, draw_film


def test_the_first_films_are_concluded_or_flagged() -> None:
    """Three figures; progress is told after each film."""
    told: list[tuple[int, int]] = []
    figures = benchmark_patterns(3, None, lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert figures[0].measured == 1.0
    assert len(figures) == 3


@pytest.mark.parametrize(("value", "deviation", "right"), [(0.93, 0.01, True), (0.86, 0.01, False), (0.86, 0.02, True)])
def test_a_wrong_fraction_is_forgiven_only_if_it_says_so(value: float, deviation: float, right: bool) -> None:
    """The truth is 0.92."""
    film = Film({}, {"perovskite": 0.92}, 6.3, {}, {})
    concluded = Concluded("perovskite_fraction", value, deviation, "1", "test")
    assert Outcome(film, {"perovskite_fraction": concluded}).is_right() is right


def test_films_are_whole_and_within_the_stated_ranges() -> None:
    """Shares sum to one; displacement within 60 µm."""
    for seed in range(20):
        film = draw_film(np.random.default_rng(seed))
        assert sum(film.shares.values()) == pytest.approx(1.0)
        assert abs(film.displacement) <= 0.06
        assert all(0 < march <= 1.0 for march in film.texture.values())
