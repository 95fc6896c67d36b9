"""Checkpoints as data."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from planners.checkpoints import MAGIC, Contents, pack, pack_all, unpack, unpack_all
from planners.errors import CheckpointError

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TENSORS = arrays(np.float64, array_shapes(min_dims=0, max_dims=3), elements=FINITE)
ARRAYS = st.dictionaries(st.text(min_size=1, max_size=8), TENSORS, max_size=4)
WORDS = st.one_of(st.none(), st.integers(), FINITE, st.text(max_size=8))
META = st.dictionaries(st.text(max_size=8), WORDS, max_size=4)


@given(ARRAYS, META)
def test_the_round_trip_is_exact(tensors: dict[str, np.ndarray], meta: dict[str, object]) -> None:
    """Every bit of every number, the shapes and the words come back, and equal contents are equal bytes."""
    data = pack(Contents(tensors, meta))
    back = unpack(data)
    assert dict(back.meta) == meta
    assert {n: (a.shape, a.tobytes()) for n, a in back.arrays.items()} == {
        n: (a.shape, a.tobytes()) for n, a in tensors.items()
    }
    assert pack(back) == data


@given(st.binary(max_size=64))
def test_foreign_bytes_are_refused(data: bytes) -> None:
    """Never executed, never misread."""
    with pytest.raises(CheckpointError):
        unpack(data)
    with pytest.raises(CheckpointError):
        unpack(MAGIC + data)


@given(st.integers(0, 200))
def test_a_checkpoint_cut_anywhere_is_refused(length: int) -> None:
    """A torn file says so."""
    data = pack(Contents({"weights": np.arange(12.0).reshape(3, 4)}, {"kind": "gp"}))
    with pytest.raises(CheckpointError):
        unpack(data[: min(length, len(data) - 1)])


@pytest.mark.parametrize("place", [None, 3, {"shape": 4, "offset": 0}, {"shape": [-1], "offset": 0}, {"shape": [2]}])
def test_a_header_that_lies_is_refused(place: object) -> None:
    """Shapes and offsets are checked before numbers are read."""
    header = json.dumps({"meta": {}, "tensors": {"weights": place}}).encode()
    with pytest.raises(CheckpointError):
        unpack(MAGIC + struct.pack("<Q", len(header)) + header + bytes(16))


def test_a_number_that_is_not_finite_is_not_written() -> None:
    """A model that diverged must not be kept as one that was trained."""
    with pytest.raises(CheckpointError, match="weights"):
        pack(Contents({"weights": np.array([1.0, np.nan])}))


@given(st.dictionaries(st.sampled_from(["gap", "kept", "lead"]), st.tuples(ARRAYS, META)))
def test_several_models_come_back_under_their_names(models: dict[str, tuple[dict, dict]]) -> None:
    """Also where their arrays have equal names, or names with slashes; a model of nothing leaves no trace."""
    back = unpack_all(pack_all({name: Contents(*one) for name, one in models.items()}))
    for name, (tensors, meta) in models.items():
        if tensors or meta:
            assert dict(back[name].meta) == meta
            assert {n: a.tobytes() for n, a in back[name].arrays.items()} == {
                n: a.tobytes() for n, a in tensors.items()
            }
