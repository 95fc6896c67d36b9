"""Raw records as bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.signals.raw_record import to_bytes

numbers = st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False)
records = st.dictionaries(st.text(max_size=8), numbers | st.lists(numbers, max_size=5), max_size=5)


@given(records)
def test_a_record_comes_back_from_its_bytes(record) -> None:
    """Property: nothing is lost on the way."""
    assert json.loads(to_bytes(record)) == record


def test_equal_records_have_equal_bytes() -> None:
    """The order of the names does not show."""
    assert to_bytes({"a": 1, "b": [2.5]}) == to_bytes({"b": [2.5], "a": 1})


def test_a_number_that_is_none_is_refused() -> None:
    """JSON has no word for it."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_bytes({"a": float("nan")})
