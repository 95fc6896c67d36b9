"""From a run's Bluesky documents to an act's result: the one place where documents become records."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from instruments.drivers import ActDeclaration
from instruments.errors import DocumentsError
from instruments.protocols import BlobWriter

Readings = Mapping[str, float | int | str]


def event_values(instrument: str, documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the run's event holds of `instrument`, by the names of its signals; empty where the act reads nothing."""
    values: dict[str, Any] = {}
    for kept in documents:
        if kept["name"] == "event":
            for key, value in kept["doc"]["data"].items():
                # ophyd-async joins device and signal by "-", classic ophyd by "_".
                values[key.removeprefix(instrument).lstrip("-_")] = value
    return values


def readings(values: Mapping[str, Any]) -> Readings:
    """Single values; arrays are raw data and belong into a blob."""
    return {name: value for name, value in values.items() if isinstance(value, float | int | str)}


def raw_record(declared: ActDeclaration, values: Mapping[str, Any]) -> bytes | None:
    """The raw record of a measuring act, as JSON; None for an act that measures nothing.

    Raises:
        DocumentsError: If the run did not read what the act declares.
    """
    if not declared.raw:
        return None
    missing = sorted(set(declared.raw.values()) - set(values))
    if missing:
        raise DocumentsError(f"The run read no {', '.join(missing)}; its plan must read the device after its program.")
    record = {key: values[name] for key, name in declared.raw.items()}
    return json.dumps(record, separators=(",", ":"), allow_nan=False).encode()


def keep_blobs(blobs: BlobWriter, documents: bytes, raw: bytes | None) -> dict[str, str]:
    """Put a run's files into the blob store; their addresses by name."""
    kept = {"documents": blobs.put(documents)}
    if raw is not None:
        kept["raw"] = blobs.put(raw)
    return kept
