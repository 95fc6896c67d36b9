"""The process variables of the EPICS dispenser, as docs/instruments-wire.md names them."""

from collections.abc import Mapping
from types import MappingProxyType

from instruments.transports.channel_access import Kind

DISPENSER_CHANNELS: Mapping[str, Kind] = MappingProxyType(
    {"HALT": "number", "STATUS": "number", "LOW": "number", "HIGH": "number"}
)
"""Those of its safe state and its limits; its programs are driven by the ophyd device."""
