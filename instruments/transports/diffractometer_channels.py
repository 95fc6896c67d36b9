"""The process variables of the diffractometer, as docs/instruments-wire.md names them."""

from collections.abc import Mapping
from types import MappingProxyType

from instruments.transports.channel_access import Kind

DIFFRACTOMETER_CHANNELS: Mapping[str, Kind] = MappingProxyType({"HALT": "number", "STATUS": "number"})
"""Those of its safe state; its programs are driven by the ophyd device."""
