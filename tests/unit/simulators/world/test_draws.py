"""Keyed draws."""

import math
import statistics

from hypothesis import given
from hypothesis import strategies as st

from simulators.world.draws import Draws

keys = st.lists(st.text(max_size=8), min_size=1, max_size=3)


@given(st.integers(0, 2**31), st.lists(keys, max_size=5), keys)
def test_a_draw_depends_on_its_key_alone(seed, others, key) -> None:
    """Property: draws made before change nothing."""
    draws = Draws(seed)
    for other in others:
        draws.normal(*other)
    assert draws.normal(*key) == Draws(seed).normal(*key)


def test_parts_of_a_key_do_not_run_together() -> None:
    """("ab", "c") and ("a", "bc") are two keys."""
    draws = Draws(1)
    assert draws.normal("ab", "c") != draws.normal("a", "bc")


def test_normals_are_standard() -> None:
    """Mean 0 and deviation 1 within four standard errors of 10,000 numbers."""
    numbers = Draws(3).normals(10_000, "many")
    assert abs(statistics.fmean(numbers)) < 0.04
    assert abs(statistics.stdev(numbers) - 1) < 0.03
    assert all(math.isfinite(number) for number in numbers)


def test_choices_are_spread_over_all_options() -> None:
    """No option is forgotten."""
    draws = Draws(3)
    assert {draws.choice("abc", str(i)) for i in range(60)} == {"a", "b", "c"}


def test_another_seed_is_another_world() -> None:
    """Seeds separate worlds."""
    assert Draws(1).uniform("x") != Draws(2).uniform("x")


def test_a_generator_belongs_to_its_key() -> None:
    """The same key draws the same array, another key another one."""
    arrays = [Draws(seed).generator("film", key).random(4).tolist() for seed, key in ((1, "a"), (1, "a"), (1, "b"))]
    assert arrays[0] == arrays[1]
    assert arrays[0] != arrays[2]
