"""A state is written as it is, whatever was written before."""

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.bidder_state import BidderState, declare
from lab_agents.agents.state_text import PACKED, StateText
from tests.paper_wire import LAB

stocks = st.dictionaries(st.sampled_from(["pbi2", "sni2", "tips"]), st.floats(0, 1e6), max_size=3)


@given(st.lists(stocks, max_size=5))
def test_a_state_is_read_back_as_it_was_written(changes):
    """Field by field, also where most of it was kept from the state before."""
    text, state = StateText(), declare(BidderState(), LAB, "line_a")
    for stock in changes:
        state = state.but(stock=stock)
        assert BidderState.model_validate_json(text.of(state)) == state


def test_a_state_is_written_as_pydantic_writes_it():
    """So that a journal does not depend on who wrote it."""
    state = declare(BidderState(), LAB, "line_a")
    assert StateText().of(state) == state.model_dump_json()


def test_a_long_field_is_written_as_it_was_when_another_one_changes():
    """Such a field is kept packed."""
    text, stock = StateText(), {f"ink_{number}": float(number) for number in range(PACKED // 10)}
    state = declare(BidderState(), LAB, "line_a").but(stock=stock)
    assert len(text.of(state)) > PACKED
    for changed in (state.but(counted={"tips": 1}), state):
        assert text.of(changed) == changed.model_dump_json()
