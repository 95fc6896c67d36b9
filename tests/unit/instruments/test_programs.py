"""Programs and what instruments say of them."""

import pytest

from instruments.errors import TransportError
from instruments.programs import Answer, Start, StartCode, TokenState, start_code, token_state


def test_a_start_makes_the_program_of_its_token():
    program = Start("00ff" * 4, 3).program("dose", channel=1, volume=2.0)
    assert (program.token, program.epoch, program.command) == ("00ff" * 4, 3, "dose")
    assert program.arguments == {"channel": 1, "volume": 2.0}


@pytest.mark.parametrize("number", [-1, 5, 1.5, float("nan")])
def test_a_verdict_that_is_none_may_have_been_a_start(number):
    with pytest.raises(TransportError) as refused:
        start_code("coater_a", number)
    assert refused.value.sent


def test_numbers_are_verdicts_and_states():
    assert start_code("a", 4.0) is StartCode.FENCED
    assert token_state("a", 2) is TokenState.DONE
    with pytest.raises(TransportError, match="state 4"):
        token_state("a", 4)


def test_a_reading_that_is_missing_is_said():
    assert Answer(TokenState.DONE, {"delivered": 3}).number("delivered") == 3.0
    with pytest.raises(TransportError, match="deviation is missing"):
        Answer(TokenState.DONE, {"delivered": 3}).number("deviation")
