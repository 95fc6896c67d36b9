"""Reading what an instrument shows."""

import pytest

from instruments.devices.gauges import look_at
from instruments.drivers import Gauge, driver_names, load_driver
from instruments.errors import TransportError


class Shows:
    """A device that shows whatever a test gives it."""

    name = "plate"

    def __init__(self, **values):
        self._values = values

    async def look(self, signal):
        return float(self._values[signal])


async def test_every_gauge_is_read_by_its_signal():
    seen = await look_at(Shows(TEMP=25.5, STAT=1), {"temperature": Gauge("TEMP", "°C"), "running": Gauge("STAT")})
    assert seen == {"temperature": 25.5, "running": 1.0}


@pytest.mark.parametrize("value", ["warm", None, float("nan"), float("inf")])
async def test_what_is_no_number_is_said_with_its_gauge(value):
    with pytest.raises(TransportError, match=r"plate shows .* as temperature \(TEMP\)"):
        await look_at(Shows(TEMP=value), {"temperature": Gauge("TEMP", "°C")})


@pytest.mark.parametrize("name", driver_names())
def test_every_driver_that_comes_along_shows_something(name):
    gauges = load_driver(name).gauges
    assert "running" in gauges
    assert all(gauge.unit for gauge in gauges.values())
