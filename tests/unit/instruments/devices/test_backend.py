"""Signals that live on a kept connection."""

import pytest

from instruments.devices.backend import readable, settable, writable
from instruments.transports.connection import Connection
from tests.paper_wire import PaperWire


def _connection(wire):
    return Connection(wire, "coater_a at modbus://h:1", 1.0)


async def test_a_signal_is_read_and_described_with_its_unit_and_source():
    signal = readable(float, _connection(PaperWire(low=5.0)), "low", "1/min")
    signal.set_name("low")
    await signal.connect()
    assert await signal.get_value() == 5.0
    description = (await signal.describe())["low"]
    assert (description["units"], description["source"]) == ("1/min", "coater_a at modbus://h:1/low")
    assert (await signal.read())["low"]["value"] == 5.0


async def test_a_signal_is_written_once_and_knows_its_set_point():
    wire = PaperWire(low=4.0)
    signal = settable(float, _connection(wire), "low")
    assert await signal.locate() == {"setpoint": 4.0, "readback": 4.0}
    await signal.set(6.0)
    assert wire.written == [("low", 6.0)]
    assert await signal.locate() == {"setpoint": 6.0, "readback": 4.0}


async def test_nothing_can_be_monitored():
    signal = readable(int, _connection(PaperWire(status=0)), "status")
    with pytest.raises(RuntimeError, match="cannot be monitored; read status instead"):
        signal.subscribe(print)
    assert writable(int, _connection(PaperWire()), "halt").source.endswith("/halt")
