"""Limits asked before a bid."""

from lab_agents.agents.limits import find_breach
from lab_agents.records.laboratory import ForbiddenPair, Interlocks
from lab_agents.records.recipe import Act
from lab_agents.records.stock import volumes_text
from tests.film_lab import film_laboratory
from tests.model_lab import laboratory


def dose(volume: float, dispenser: str = "dispenser_b", channel: int = 1) -> Act:
    """One dose."""
    return Act(instrument=dispenser, plan="dose", arguments={"channel": channel, "volume": volume})


def test_a_dose_within_limits_is_no_breach():
    assert find_breach(laboratory(), (dose(50.0), dose(5.0))) is None


def test_a_dose_below_the_smallest_names_instrument_value_and_limit():
    breach = find_breach(laboratory(), (dose(2.0),))
    assert breach is not None
    assert all(word in breach for word in ("dispenser_b", "2", "5"))
    assert find_breach(laboratory(), (dose(2.0, "dispenser_a"),)) is None


def test_a_dose_above_the_limit_is_a_breach():
    assert find_breach(laboratory(), (dose(101.0),))


def test_materials_that_must_not_meet_are_a_breach():
    pair = ForbiddenPair(one="PCE10", other="P3HT", because="it gels")
    lab = laboratory().model_copy(update={"interlocks": Interlocks(forbidden_pairs=(pair,))})
    breach = find_breach(lab, (dose(50.0, channel=1), dose(50.0, channel=2)))
    assert breach is not None
    assert "it gels" in breach


def mixing(**volumes: float) -> Act:
    """A mixture in one vial."""
    return Act(instrument="handler", plan="mix", arguments={"volumes": volumes_text(volumes)})


def test_a_mixture_is_within_the_limits_of_each_volume_and_of_the_vial():
    lab = film_laboratory()
    assert find_breach(lab, (mixing(fai=200.0, sni2=200.0),)) is None
    assert "volume of fai 0.5 µL is below" in str(find_breach(lab, (mixing(fai=0.5, sni2=200.0),)))
    assert "volume of fai 1001 µL is outside" in str(find_breach(lab, (mixing(fai=1001.0),)))
    assert "total 1600 µL is outside" in str(find_breach(lab, (mixing(fai=800.0, sni2=800.0),)))


def test_stocks_that_must_not_meet_are_a_breach():
    pair = ForbiddenPair(one="fai", other="sni2", because="it flocculates")
    lab = film_laboratory().model_copy(update={"interlocks": Interlocks(forbidden_pairs=(pair,))})
    assert "it flocculates" in str(find_breach(lab, (mixing(fai=200.0, sni2=200.0),)))


def test_an_instrument_that_is_not_declared_is_a_breach():
    assert find_breach(laboratory(), (dose(1.0, "nobody"),)) == "nobody is not declared"
