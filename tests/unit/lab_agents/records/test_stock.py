"""Stocks: what a bottle may contain, and volumes as one text."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lab_agents.records.stock import Stock, read_volumes, volumes_text
from tests.strategies import records

names = st.sampled_from(["csi", "fai", "mabr", "pb_i2", "s9"])
volumes = st.dictionaries(names, st.integers(0, 9_999_999).map(lambda n: n / 100), min_size=1)


@given(volumes)
def test_volumes_come_back_from_their_text(given_volumes):
    assert read_volumes(volumes_text(given_volumes)) == given_volumes


@given(records(Stock))
def test_a_stock_comes_back_from_json(stock):
    assert Stock.model_validate_json(stock.model_dump_json()) == stock


@pytest.mark.parametrize("text", ["", "csi", "csi:1", "csi:1.000", "csi:-1.00", "csi:nan", "Cs I:1.00", "csi:1.00;"])
def test_what_is_not_written_as_volumes_is_refused(text):
    with pytest.raises(ValueError, match="is not written as"):
        read_volumes(text)


def test_a_stock_stated_twice_is_refused():
    with pytest.raises(ValueError, match="csi is stated twice"):
        read_volumes("csi:1.00;csi:2.00")


@pytest.mark.parametrize("volume", [math.nan, math.inf, -0.01, 1e6])
def test_what_is_no_volume_is_not_written(volume):
    with pytest.raises(ValueError, match="is no volume"):
        volumes_text({"csi": volume})


@pytest.mark.parametrize(
    ("contains", "complaint"), [({"Cs": 0.0}, "contains 0.0 mol/L of Cs"), ({}, "at least 1"), ({"K": 1.0}, "K")]
)
def test_what_no_bottle_holds_is_refused(contains, complaint):
    with pytest.raises(ValidationError, match=complaint):
        Stock.model_validate({"name": "csi", "contains": contains, "amount": 1.0})
