"""Checkpoints as data: one JSON header, then raw numbers. Never pickle, which runs what it reads.

Layout: 8 bytes magic ``LABCKPT1``; 8 bytes length of the header, little-endian; the header, JSON with sorted keys:
``{"meta": {...}, "tensors": {name: {"shape": [...], "offset": bytes}}}``; then the tensors one after another as
little-endian 64-bit floats in C order. Equal checkpoints are equal bytes, so a blob store keeps them once.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from planners.errors import CheckpointError

MAGIC = b"LABCKPT1"
MetaValue = str | int | float | None
Array = NDArray[np.float64]
V = TypeVar("V")


@dataclass(frozen=True)
class Contents:
    """What a checkpoint holds: named arrays of doubles and a few words and numbers about them."""

    arrays: Mapping[str, Array]
    meta: Mapping[str, MetaValue] = field(default_factory=dict)


def pack(contents: Contents) -> bytes:
    """Write a checkpoint; the round trip through `unpack` is exact to the bit.

    Raises:
        CheckpointError: If an array holds a number that is not finite.
    """
    layout: dict[str, dict[str, object]] = {}
    body = b""
    for name in sorted(contents.arrays):
        array = np.ascontiguousarray(contents.arrays[name], dtype="<f8")
        if not np.isfinite(array).all():
            raise CheckpointError(f"Tensor {name} holds a number that is not finite; the model was not trained.")
        layout[name] = {"shape": list(np.shape(contents.arrays[name])), "offset": len(body)}
        body += array.tobytes()
    header = json.dumps({"meta": dict(contents.meta), "tensors": layout}, sort_keys=True, allow_nan=False).encode()
    return MAGIC + struct.pack("<Q", len(header)) + header + body


def unpack(data: bytes) -> Contents:
    """Read a checkpoint.

    Raises:
        CheckpointError: Saying what is wrong, if the bytes are no checkpoint of this format, or are cut short.
    """
    if data[:8] != MAGIC or len(data) < 16:
        raise CheckpointError(f"These {len(data)} bytes are no checkpoint: they do not begin with {MAGIC.decode()}.")
    length = struct.unpack("<Q", data[8:16])[0]
    try:
        header = json.loads(data[16 : 16 + length])
        layout, meta = dict(header["tensors"]), dict(header["meta"])
        arrays = {name: _array(data[16 + length :], name, place) for name, place in layout.items()}
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"The checkpoint's header cannot be read: {error}. Train again.") from error
    return Contents(arrays, meta)


def pack_all(contents: Mapping[str, Contents]) -> bytes:
    """Write several models into one checkpoint, each under its name, which holds no slash.

    Raises:
        CheckpointError: If an array holds a number that is not finite.
    """
    arrays = {f"{name}/{key}": array for name, one in contents.items() for key, array in one.arrays.items()}
    meta = {f"{name}/{key}": value for name, one in contents.items() for key, value in one.meta.items()}
    return pack(Contents(arrays, meta))


def unpack_all(data: bytes) -> dict[str, Contents]:
    """Read what `pack_all` wrote.

    Raises:
        CheckpointError: Saying what is wrong, if the bytes are no checkpoint of this format.
    """
    together = unpack(data)
    names = sorted({key.partition("/")[0] for key in [*together.arrays, *together.meta]})
    return {name: Contents(_under(name, together.arrays), _under(name, together.meta)) for name in names}


def _under(name: str, mapping: Mapping[str, V]) -> dict[str, V]:
    return {key.partition("/")[2]: value for key, value in mapping.items() if key.partition("/")[0] == name}


def _array(body: bytes, name: str, place: Mapping[str, object]) -> Array:
    shape, offset = place["shape"], place["offset"]
    is_shape = isinstance(shape, list) and all(isinstance(n, int) and n >= 0 for n in shape)
    if not is_shape or not isinstance(offset, int):
        raise TypeError(f"tensor {name} has no shape and offset")
    sides = cast(list[int], shape)
    end = offset + 8 * math.prod(sides)
    if offset < 0 or end > len(body):
        raise CheckpointError(f"The checkpoint is cut short: tensor {name} ends at {end} of {len(body)} bytes.")
    return np.frombuffer(body[offset:end], dtype="<f8").reshape(sides).astype(np.float64)
