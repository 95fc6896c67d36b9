"""Reading what an instrument shows, between the requests of the program that it executes."""

import math
from collections.abc import Mapping

from instruments.devices.device import ProgramDevice
from instruments.drivers import Gauge
from instruments.errors import TransportError


async def look_at(device: ProgramDevice, gauges: Mapping[str, Gauge]) -> dict[str, float]:
    """Read every gauge once, one after the other; runs in the loop of the device.

    Raises:
        TransportError: If one is not answered, or by something that is no finite number.
    """
    shown = {}
    for name, gauge in gauges.items():
        try:
            value = await device.look(gauge.signal)
        except (TypeError, ValueError) as error:
            raise TransportError(f"{device.name} shows no number as {name} ({gauge.signal}): {error}") from error
        if not math.isfinite(value):
            raise TransportError(f"{device.name} shows {value} as {name} ({gauge.signal}), which is no reading")
        shown[name] = value
    return shown
