"""Addresses are read or refused; what was read is written the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.addresses import AddressError, parse_address

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


@given(NAMES, NAMES, st.integers(0, 65535), st.sampled_from(["", "robot", "LABB:DISP:"]), st.dictionaries(NAMES, NAMES))
def test_an_address_survives_writing_and_reading(scheme, host, port, path, query):
    text = f"{scheme}://{host}:{port}" + (f"/{path}" if path else "")
    text += "?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else ""
    assert str(parse_address(text)) == text


def test_the_parts_of_an_address_are_told_apart():
    address = parse_address("modbus://10.0.0.7:502?unit=3")
    assert (address.scheme, address.host, address.port, address.number("unit", 1)) == ("modbus", "10.0.0.7", 502, 3)
    assert address.number("retries", 0) == 0
    assert str(address.at_port(1502)) == "modbus://10.0.0.7:1502?unit=3"
    assert parse_address("ca://[::1]:5064/P:").host == "::1"


@pytest.mark.parametrize(
    "text", ["", "modbus", "modbus://host", "modbus://:502", "//host:1", "a://u@h:1", "a://h:99999"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(AddressError, match="no address"):
        parse_address(text)


def test_a_unit_that_is_no_number_is_refused_with_the_address():
    with pytest.raises(AddressError, match="unit is 'two' in modbus://h:1"):
        parse_address("modbus://h:1?unit=two").number("unit", 1)
