"""The errors of this package; like all of the house they are `LabAgentsError`, whose message is meant for people.

SimulatorError
├── WorldError              a world that cannot be opened, written or meant
│   └── LedgerError         a ledger that does not continue as written
└── RefusedError            a program that the instrument does not begin; carries the wire's error number
"""

from enum import IntEnum

from lab_agents.errors import LabAgentsError


class ErrorNumber(IntEnum):
    """What an instrument answers to a start, on every wire."""

    NONE = 0
    BUSY = 1
    LIMIT = 2
    BLOCKED = 3
    FENCED = 4


class SimulatorError(LabAgentsError):
    """Anything the simulated laboratory refuses."""


class WorldError(SimulatorError):
    """A world that cannot be opened, written, or that its declaration cannot mean."""


class LedgerError(WorldError):
    """A ledger whose lines do not continue one another."""


class RefusedError(SimulatorError):
    """A program that the instrument does not begin.

    Attributes:
        number: The error number on the wire.
    """

    def __init__(self, number: ErrorNumber, why: str) -> None:
        self.number = number
        super().__init__(why)
