"""The table of constants."""

import hashlib
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


def test_the_default_table_is_frozen() -> None:
    """Planners have been judged on it: to have another world give other constants, and leave the defaults alone."""
    digest = hashlib.sha256(repr(WorldConstants()).encode()).hexdigest()
    assert digest == "eaa70d53ce88e22198520f1eb15f3cfd56690fe57802e19331e930d394f148c4"
