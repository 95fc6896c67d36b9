"""Numbers, times and compositions as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from lab_agents.records.space import DesignSpace, Parameter
from lab_agents.report.wording import (
    composition_text,
    count,
    duration,
    percent,
    short,
    until_text,
    with_deviation,
    with_unit,
)

MIXTURE = DesignSpace(parameters=tuple(Parameter(name=n, lower=0.0, upper=1.0) for n in "ab"), simplices=(("a", "b"),))
BOX = DesignSpace(
    parameters=(Parameter(name="n", lower=0.0, upper=9.0), Parameter(name="t", lower=0.0, upper=9.0, unit="mm"))
)


@pytest.mark.parametrize(
    ("value", "deviation", "text"),
    [
        (0.01234, 0.0021, "0.0123 ± 0.0021"),
        (12.34, 1.5, "12.3 ± 1.5"),
        (1234.5, 120.0, "1234 ± 120"),
        (0.5, 0.0, "0.5"),
        (1e-12, 1e-13, "1e-12 ± 1.0e-13"),
    ],
)
def test_a_deviation_has_two_digits_and_its_value_as_many_decimals(value, deviation, text):
    assert with_deviation(value, deviation) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.12, "8.1 s"), (125, "2 min 5 s"), (15120, "4 h 12 min"), (183600, "2 d 3 h"), (0, "0.0 s")]
)
def test_a_duration_shows_its_two_largest_units(seconds, text):
    assert duration(timedelta(seconds=seconds)) == text


def test_a_mixture_is_told_in_percent_without_what_is_absent():
    assert composition_text({"a": 1.0, "b": 0.0001}, MIXTURE) == "a 100.0 %"


def test_other_parameters_are_told_with_their_units():
    assert composition_text({"n": 8.0, "t": 1.25}, BOX) == "n 8, t 1.25 mm"


def test_small_words():
    assert (count(1, "sample"), count(2, "sample")) == ("1 sample", "2 samples")
    assert (short("abcdefghijklm"), short(None)) == ("abcdefghij", "-")


def test_a_deadline_says_what_happens_then():
    assert until_text(datetime(2026, 1, 2, 8, 30, tzinfo=UTC), "discard") == "; on 2026-01-02 08:30 UTC: discard"
    assert until_text(None, "clear") == ""


def test_sites_are_told_one_by_one_and_then_the_process():
    space = DesignSpace(
        parameters=(
            *(Parameter(name=n, lower=0.0, upper=1.0) for n in ("fa", "cs", "pb", "sn")),
            Parameter(name="anneal_time", lower=0.0, upper=60.0, unit="min"),
        ),
        simplices=(("fa", "cs"), ("pb", "sn")),
    )
    values = {"fa": 0.9, "cs": 0.1, "pb": 0.0, "sn": 1.0, "anneal_time": 20.0}
    assert composition_text(values, space) == "fa 90.0 %, cs 10.0 % · sn 100.0 % · anneal time 20 min"


def test_a_value_carries_its_unit_unless_it_is_a_number():
    assert with_unit(1.35, 0.006, "eV") == "1.3500 ± 0.0060 eV"
    assert with_unit(0.2, 0.0, "1") == "0.2"


@pytest.mark.parametrize(
    ("chance", "text"),
    [(0.9995, "> 99.9 %"), (0.93, "93 %"), (0.995, "99.5 %"), (0.004, "0.4 %"), (0.0, "0 %"), (1e-5, "< 0.1 %")],
)
def test_a_chance_is_told_as_people_read_it(chance, text):
    assert percent(chance) == text
