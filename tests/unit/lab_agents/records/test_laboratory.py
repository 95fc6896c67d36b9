"""Laboratories: references that must hold."""

import pytest
from hypothesis import given
from pydantic import ValidationError

from lab_agents.records.laboratory import ForbiddenPair, Laboratory, Limit
from tests.strategies import records

ROBOT = {"role": "service"}
LINE = {"role": "synthesis", "instruments": ("coater",)}
COATER = {"driver": "coater", "address": "modbus://127.0.0.1:0"}
STAGE = {"name": "stage", "kind": "stage", "service": "robot"}


def _laboratory(**changes):
    good = {
        "name": "lab",
        "agents": {"robot": ROBOT, "line": LINE},
        "instruments": {"coater": COATER},
        "places": (STAGE,),
        "consumables": ({"name": "ink", "used_by": "line", "amount": 1.0, "unit": "µL"},),
    }
    return Laboratory.model_validate(good | changes)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"agents": {"robot": ROBOT, "line": LINE | {"machine": "cellar"}}}, "machine cellar, which machines does not"),
        (
            {"agents": {"robot": ROBOT, "line": LINE | {"instruments": ("oven",)}}},
            "line drives oven, which",
        ),
        ({"agents": {"robot": ROBOT, "line": LINE, "twin": LINE}}, "coater has two owners, line and twin"),
        ({"agents": {"robot": ROBOT, "line": {"role": "synthesis"}}}, "instruments without an agent: coater"),
        ({"places": (STAGE | {"service": "line"},)}, "place stage belongs to line, which is no declared service"),
        ({"places": (STAGE, STAGE)}, "two places have one name"),
        (
            {"consumables": ({"name": "ink", "used_by": "nobody", "amount": 1.0, "unit": "piece"},)},
            "consumable ink is used by nobody",
        ),
    ],
)
def test_a_reference_to_nothing_is_refused_by_name(changes, complaint):
    with pytest.raises(ValidationError, match=complaint):
        _laboratory(**changes)


def test_a_rack_is_a_row_of_places():
    laboratory = _laboratory(racks=({"prefix": "rack", "count": 3, "kind": "rack", "service": "robot"},))
    assert [place.name for place in laboratory.all_places] == ["stage", "rack_1", "rack_2", "rack_3"]
    assert laboratory.all_places[-1].is_buffer


def test_owners_and_roles_are_found():
    laboratory = _laboratory()
    assert laboratory.owner("coater") == "line"
    assert laboratory.agents_of("service") == ("robot",)
    assert laboratory.agents_of("planning") == ()


@given(laboratory=records(Laboratory))
def test_every_instrument_has_one_owner(laboratory):
    for instrument in laboratory.instruments:
        assert instrument in laboratory.agents[laboratory.owner(instrument)].instruments


def test_a_limit_is_a_range():
    with pytest.raises(ValidationError, match=r"lower 2\.0 is above upper 1\.0"):
        Limit(lower=2.0, upper=1.0)


def test_a_forbidden_pair_knows_the_partner():
    pair = ForbiddenPair(one="acid", other="base", because="heat")
    assert [pair.other_than(name) for name in ("acid", "base", "salt")] == ["base", "acid", None]


STOCK = {"name": "csi", "contains": {"Cs": 1.2, "I": 1.2}, "amount": 1000.0}
BLANK = {"name": "blank_1", "kind": "blank", "place": "stage"}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"places": (STAGE | {"instrument": "oven"},)}, "place stage has oven, which instruments does not declare"),
        ({"stocks": (STOCK, STOCK)}, "two stocks have one name: csi"),
        ({"standards": (BLANK, BLANK)}, "two standards have one name: blank_1"),
        ({"standards": (BLANK, BLANK | {"name": "blank_2"})}, "two standards stand in one place: stage"),
        ({"standards": (BLANK | {"place": "moon"},)}, "standard blank_1 stands in moon, which is no place"),
    ],
)
def test_what_the_laboratory_holds_must_have_names_and_places(changes, complaint):
    with pytest.raises(ValidationError, match=complaint):
        _laboratory(**changes)


def test_an_instrument_finds_the_places_on_which_it_acts():
    laboratory = _laboratory(places=(STAGE | {"instrument": "coater"},))
    assert [place.name for place in laboratory.places_of("coater")] == ["stage"]
    assert laboratory.places_of("oven") == ()
