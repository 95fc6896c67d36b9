"""How sure a hit is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.hits import chance, is_hit, joint_chance
from lab_agents.records.target import Constraint, Target

GAP = Constraint(property="gap", lower=1.33, upper=1.37, unit="eV")
KEPT = Constraint(property="kept", lower=0.9)
TARGET = Target(property="lead", direction="minimize", parameter="pb", constraints=(GAP, KEPT))


def test_a_value_on_a_single_bound_meets_it_half_the_time() -> None:
    """The error is as likely on either side."""
    assert chance(KEPT, 0.9, 0.01) == pytest.approx(0.5)
    assert chance(GAP, 1.35, 0.01) == pytest.approx(0.9545, abs=1e-4), "two deviations on each side"


def test_chances_multiply_and_what_was_not_read_meets_nothing() -> None:
    """A sample without a gap is no hit, however much of it is left."""
    both = {"gap": (1.35, 0.01), "kept": (0.9, 0.01)}
    assert joint_chance(TARGET, both) == pytest.approx(0.9545 / 2, abs=1e-4)
    assert joint_chance(TARGET, {"kept": (0.99, 0.01)}) == 0.0


def test_a_hit_states_everything_with_the_targets_confidence() -> None:
    """Nine in ten, unless the target asks for more."""
    sure = {"gap": (1.35, 0.008), "kept": (0.95, 0.01)}
    assert is_hit(TARGET, sure)
    assert not is_hit(TARGET.model_copy(update={"confidence": 0.999}), sure)


@given(st.floats(1.0, 2.0), st.floats(1e-4, 0.5))
def test_a_chance_is_a_chance(value: float, deviation: float) -> None:
    """From nought to one, and it falls with the distance from the middle."""
    assert 0.0 <= chance(GAP, value, deviation) <= chance(GAP, 1.35, deviation) <= 1.0
