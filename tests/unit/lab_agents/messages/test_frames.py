"""Frames, logged entries and pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.errors import MessageError
from lab_agents.messages.frames import (
    Answer,
    Header,
    Seal,
    pack,
    pack_page,
    unpack_frame,
    unpack_logged,
    unpack_page,
    unpack_sealed,
)
from tests.strategies import entries, records


@given(header=records(Header), payload=st.binary(max_size=100))
def test_unpacking_a_frame_undoes_packing(header, payload):
    assert unpack_frame(pack(header, payload)) == (header, payload)


@given(seal=records(Seal), entry=entries())
def test_unpacking_a_logged_entry_undoes_sealing(seal, entry):
    data = pack(seal, entry.to_bytes())
    assert unpack_sealed(data) == (seal, entry.to_bytes())
    logged = unpack_logged(data)
    assert (logged.seal, logged.entry, logged.position) == (seal, entry, seal.position)


@given(answer=records(Answer), sealed=st.lists(st.binary(max_size=60), max_size=4))
def test_unpacking_a_page_undoes_packing(answer, sealed):
    whole = answer.model_copy(update={"count": len(sealed)})
    assert unpack_page(pack_page(whole, sealed)) == (whole, sealed)


@given(answer=records(Answer), sealed=st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=3))
def test_a_page_that_is_cut_short_is_refused(answer, sealed):
    data = pack_page(answer.model_copy(update={"count": len(sealed)}), sealed)
    with pytest.raises(MessageError):
        unpack_page(data[:-1])


@pytest.mark.parametrize("unpack", [unpack_frame, unpack_logged, unpack_sealed, unpack_page])
@given(data=st.binary(max_size=60))
def test_foreign_bytes_are_a_message_error(unpack, data):
    with pytest.raises(MessageError):
        unpack(data)
