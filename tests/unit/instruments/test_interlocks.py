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
from tests.thin_film_stand import thin_film

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


@settings(max_examples=3000)
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


FILM_LAB = thin_film()


def mixture(text, vial="vial_a"):
    """An act that mixes these volumes."""
    return Act(instrument="handler", plan="mix", arguments={"vial": vial, "volumes": text})


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (mixture("fai:nan"), "'fai:nan' is not written as stock:0.00"),
        (mixture("fai:1e3"), "is not written as"),
        (mixture("fai:10.00;fai:10.00"), "fai is stated twice"),
        (mixture(""), "cannot be meant"),
        (mixture("fai:0.00"), "is an empty mixture"),
        (mixture("fai:0.50;csi:100.00"), "volume of fai 0.5 µL is below the smallest, 1 µL"),
        (mixture("fai:1000.01"), "volume of fai 1000.01 µL is outside its limits, 0 to 1000 µL"),
        (mixture("fai:800.00;csi:700.01"), "total of all of them 1500.01 µL is outside its limits, 10 to 1500 µL"),
        (mixture("fai:2.00;csi:2.00"), "total of all of them 4 µL is outside"),
        (mixture("water:100.00"), "there is no stock water"),
        (mixture("fai:100.00", "vial_z"), "vial_z, which is no place"),
        (
            Act(instrument="handler", plan="mix", arguments={"vial": "vial_a", "volumes": 3.0}),
            "3.0 is an empty mixture",
        ),
    ],
)
def test_a_mixture_that_cannot_be_meant_is_refused(act, reason):
    with pytest.raises(InterlockError, match=reason):
        check_act(FILM_LAB, act)


def test_a_mixture_within_its_limits_passes():
    check_act(FILM_LAB, mixture("fai:160.00;csi:40.00;mai:0.00;pbi2:200.00"))


def test_more_than_a_bottle_holds_is_refused():
    stocks = tuple(stock.model_copy(update={"amount": 50.0}) for stock in FILM_LAB.stocks)
    with pytest.raises(InterlockError, match="a full bottle of fai holds 50 µL"):
        check_act(FILM_LAB.model_copy(update={"stocks": stocks}), mixture("fai:60.00"))


def test_a_forbidden_pair_never_meets_in_one_mixture():
    pair = ForbiddenPair(one="csi", other="sncl2", because="it clumps")
    lab = FILM_LAB.model_copy(update={"interlocks": Interlocks(forbidden_pairs=(pair,))})
    check_act(lab, mixture("csi:60.00;sncl2:0.00"))
    with pytest.raises(InterlockError, match=r"must not meet .* which is in the vial: it clumps"):
        check_act(lab, mixture("csi:60.00;sncl2:60.00"))
