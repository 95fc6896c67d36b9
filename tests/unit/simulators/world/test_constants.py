"""The table of constants."""

from dataclasses import fields

import pytest

from simulators.world.constants import WorldConstants, provenances


@pytest.mark.parametrize("name", [each.name for each in fields(WorldConstants)])
def test_every_constant_says_what_it_is_and_where_it_comes_from(name) -> None:
    """A constant is not a source of its own: only an assumption may stand without one."""
    known = provenances()[name]
    assert known.meaning
    assert known.unit
    assert known.mark in {"V", "C", "R", "A"}
    assert known.mark in {"A", "R"} or known.source != "assumption"


def test_constants_can_be_a_key() -> None:
    """Equal tables are one key, so that what was computed of a world can be found again."""
    assert hash(WorldConstants()) == hash(WorldConstants())
    assert WorldConstants() == WorldConstants()
