"""Nothing outside its limits passes, whatever it is; what is inside does."""

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.errors import InterlockError
from instruments.interlocks import check_act, check_acts, check_exclusive, check_limit, check_set_points
from lab_agents.records.laboratory import ExclusiveGroup, ForbiddenPair, Interlocks, Limit
from lab_agents.records.recipe import Act
from tests.instrument_stand import coat, dose, new_vial, soak, transfer
from tests.simulated_world import laboratory

LAB = laboratory()
LIMIT = Limit(lower=0.0, upper=100.0, smallest=5.0, unit="µL")

NASTY = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(),
    st.booleans(),
    st.text(max_size=8),
    st.none(),
    st.sampled_from([-0.0, 1e308, -1e308, 5e-324, math.nextafter(100, 101), math.nextafter(5, 0), 10**400, "20.0"]),
    st.lists(st.floats(), max_size=2),
)


def _is_allowed(value):
    """The rule, said in another way."""
    if type(value) not in (int, float):
        return False
    if type(value) is float and (math.isnan(value) or str(value) == "-0.0"):
        return False
    return value == 0 or 5 <= value <= 100


@settings(max_examples=10_000)
@given(NASTY)
def test_no_set_point_outside_its_limit_ever_passes(value):
    if _is_allowed(value):
        check_limit("dispenser_b", "volume", value, LIMIT)
        return
    with pytest.raises(InterlockError) as refused:
        check_limit("dispenser_b", "volume", value, LIMIT)
    assert (refused.value.instrument, refused.value.quantity) == ("dispenser_b", "volume")


@settings(max_examples=1000)
@given(NASTY, NASTY)
def test_no_command_with_a_nasty_argument_passes(channel, volume):
    declaration = LAB.instruments["dispenser_b"]
    is_good = type(channel) is int and 1 <= channel <= 4 and _is_allowed(volume)
    with contextlib.nullcontext() if is_good else pytest.raises(InterlockError):
        check_set_points("dispenser_b", declaration, "dose", {"channel": channel, "volume": volume})


def test_every_act_of_the_shipped_recipes_passes():
    acts = (new_vial(), dose(), dose(instrument="dispenser_b"), coat(), transfer("stage_a", "rack_96"), soak())
    check_acts(LAB, acts)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (dose(100.1), "volume 100.1 µL is outside its limits, 0 to 100 µL"),
        (dose(4.9, instrument="dispenser_b"), "volume 4.9 µL is below the smallest, 5 µL"),
        (dose(channel=5), "channel 5 is no channel"),
        (coat(speed=99.0), "speed 99 1/min is outside"),
        (transfer("stage_a", "rack_97"), "rack_97, which is no place"),
        (Act(instrument="oven", plan="bake"), "declares no instrument oven"),
        (Act(instrument="coater_a", plan="dose"), "modbus_coater cannot dose; it can coat"),
        (Act(instrument="coater_a", plan="coat", arguments={"speed": 500.0}), "takes the set-points duration, speed"),
    ],
)
def test_an_act_is_refused_with_its_instrument_and_number(act, reason):
    with pytest.raises(InterlockError, match=reason) as refused:
        check_act(LAB, act)
    assert act.instrument in str(refused.value)


def test_a_forbidden_pair_never_meets_in_one_vial():
    pair = ForbiddenPair(one="PCE10", other="PCBM", because="it gels")
    lab = LAB.model_copy(update={"interlocks": Interlocks(forbidden_pairs=(pair,))})
    check_acts(lab, (new_vial(), dose(channel=1), dose(channel=2), new_vial(), dose(channel=3)))
    check_acts(lab, (new_vial(), dose(channel=1), dose(0.0, channel=3)))
    with pytest.raises(InterlockError, match="PCBM must not meet PCE10, which is in the vial: it gels"):
        check_acts(lab, (new_vial(), dose(channel=1), dose(channel=3)))


def test_only_one_of_an_exclusive_group_moves():
    group = ExclusiveGroup(instruments=("dispenser_a", "coater_a"), because="they share a pump")
    lab = LAB.model_copy(update={"interlocks": Interlocks(exclusive=(group,))})
    check_exclusive(lab, "dispenser_a", {"dispenser_a", "robot"})
    check_exclusive(lab, "robot", {"dispenser_a"})
    with pytest.raises(InterlockError, match="coater_a moves, and only one may: they share a pump"):
        check_exclusive(lab, "dispenser_a", {"coater_a"})
