"""How a raw record leaves the instrument: JSON, and the same bytes for the same numbers."""

import json
from collections.abc import Mapping, Sequence

Number = int | float
RawRecord = dict[str, Number | list[int] | list[float]]
"""What an instrument recorded: numbers and lists of numbers by name."""


def to_bytes(record: Mapping[str, Number | Sequence[Number]]) -> bytes:
    """The record as compact JSON with sorted names, UTF-8.

    Raises:
        ValueError: If a number is not finite; no instrument sends that.
    """
    return json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
