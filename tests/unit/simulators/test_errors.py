"""Errors of the simulated laboratory."""

from simulators.errors import ErrorNumber, LedgerError, RefusedError, SimulatorError, WorldError


def test_the_numbers_are_those_of_the_wire() -> None:
    """docs/instruments-wire.md gives them to clients."""
    assert {number.name.lower(): int(number) for number in ErrorNumber} == {
        "none": 0,
        "busy": 1,
        "limit": 2,
        "blocked": 3,
        "fenced": 4,
    }


def test_every_error_is_a_simulator_error_and_a_refusal_carries_its_number() -> None:
    """So a server can answer all of them."""
    assert issubclass(LedgerError, WorldError)
    assert issubclass(WorldError, SimulatorError)
    refusal = RefusedError(ErrorNumber.BLOCKED, "stage_a is occupied")
    assert isinstance(refusal, SimulatorError)
    assert (refusal.number, str(refusal)) == (3, "stage_a is occupied")
