"""Errors carry their data."""

from instruments.errors import (
    ActuationFailedError,
    ActuationUnknownError,
    InterlockError,
    MissingDataError,
    MotionRefusedError,
    TransportError,
)


def test_errors_say_what_happened_and_carry_what_is_known():
    refusal = InterlockError("too fast", instrument="coater_a", quantity="speed", value=9000.0)
    assert isinstance(refusal, MotionRefusedError)
    assert (refusal.instrument, refusal.quantity, refusal.value) == ("coater_a", "speed", 9000.0)
    unknown = ActuationUnknownError("silent", token="0" * 16, evidence={"last": "timeout"})
    assert (unknown.token, unknown.evidence) == ("0" * 16, {"last": "timeout"})
    assert not TransportError("nobody there").sent
    missing = MissingDataError("no trace", repeatable=True)
    assert isinstance(missing, ActuationFailedError)
    assert missing.repeatable
