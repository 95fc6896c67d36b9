"""The errors of this package.

InstrumentError
├── MotionRefusedError        nothing moved: an interlock, a limit, a gate, a deadline
│   ├── InterlockError        an interlock or limit forbids it
│   └── BlockedError          the instrument's own sensors forbid it
├── ActuationFailedError      the instrument executed and reported a failure
│   └── MissingDataError      it measured, and its data are gone
├── ActuationUnknownError     it may or may not have happened
│   └── ForgottenTokenError   the instrument accepted it, and does not know its token any more
├── TransportError            an instrument that cannot be reached or answers nonsense
├── DriverError               a driver that is not installed or breaks its declaration
├── PlanError                 a plan that breaks the rules of acts
├── DocumentsError            a run's documents could not be kept
└── AddressError              a text that is no address (instruments.addresses)
"""

from collections.abc import Mapping


class InstrumentError(Exception):
    """Anything an instrument or its driver refuses."""


class MotionRefusedError(InstrumentError):
    """Nothing moved."""


class InterlockError(MotionRefusedError):
    """An interlock or limit forbids the motion.

    Attributes:
        instrument: The instrument asked.
        quantity: The set-point.
        value: What was asked.
    """

    def __init__(self, message: str, *, instrument: str, quantity: str = "", value: float | str | None = None) -> None:
        self.instrument, self.quantity, self.value = instrument, quantity, value
        super().__init__(message)


class BlockedError(MotionRefusedError):
    """The instrument's own sensors forbid the motion: nothing is where it should take something, or its way is full."""


class ActuationFailedError(InstrumentError):
    """The instrument executed the program and reported that it failed."""


class MissingDataError(ActuationFailedError):
    """A measurement was made, and the instrument does not hold its data any more.

    Attributes:
        repeatable: Whether this class of instruments may measure again.
    """

    def __init__(self, message: str, *, repeatable: bool) -> None:
        self.repeatable = repeatable
        super().__init__(message)


class ActuationUnknownError(InstrumentError):
    """The actuation may or may not have happened; a person must say.

    Attributes:
        token: The actuation.
        evidence: What is known.
    """

    def __init__(self, message: str, *, token: str, evidence: Mapping[str, str] | None = None) -> None:
        self.token, self.evidence = token, dict(evidence or {})
        super().__init__(message)


class ForgottenTokenError(ActuationUnknownError):
    """The instrument accepted the start, and does not know its token any more: nothing that it says of it counts."""


class TransportError(InstrumentError):
    """An instrument that cannot be reached, or that answers what its protocol does not allow.

    Attributes:
        sent: Whether bytes of a write may have left: then the write may have been executed.
    """

    def __init__(self, message: str, *, sent: bool = False) -> None:
        self.sent = sent
        super().__init__(message)


class DriverError(InstrumentError):
    """A driver that is not installed, or that does not keep to its declaration."""


class PlanError(InstrumentError):
    """A plan that breaks the rules of acts; nothing repairs it but mending the plan."""


class DocumentsError(InstrumentError):
    """A run's documents could not be kept; what moved has moved, and is reconciled after a restart."""
