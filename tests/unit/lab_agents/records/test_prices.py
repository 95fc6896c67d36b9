"""What things cost."""

import pytest
from pydantic import ValidationError

from lab_agents.records.prices import Prices


def test_amounts_cost_their_prices_and_what_is_not_named_costs_nothing():
    assert Prices(consumables={"substrate": 2.0}).of({"substrate": 3.0, "tip": 7.0}) == 6.0


def test_nothing_has_a_negative_price():
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Prices(consumables={"substrate": -1.0})
