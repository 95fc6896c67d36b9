"""How a command ends: exit codes, and which error means which."""

from enum import IntEnum

from instruments.errors import InstrumentError
from lab_agents.errors import (
    DeclarationError,
    ForeignLogError,
    GuardError,
    LabAgentsError,
    StateFolderError,
    StoreError,
    TableError,
)


class Exit(IntEnum):
    """Exit codes, as `docs/exit-codes.md` lists them."""

    OK = 0
    BELOW_TARGET = 1
    USAGE = 2
    DECLARATION = 3
    STATE = 4
    UNREACHABLE = 5
    UNFINISHED = 6
    DIFFERENCE = 7
    STOPPED = 8
    OVERDUE = 9
    REFUSED = 10
    DETACHED = 20
    BUG = 70
    INTERRUPTED = 130


_BY_ERROR: tuple[tuple[type[Exception], Exit], ...] = (
    (DeclarationError, Exit.DECLARATION),
    (TableError, Exit.DECLARATION),
    (StateFolderError, Exit.STATE),
    (ForeignLogError, Exit.STATE),
    (StoreError, Exit.STATE),
    (GuardError, Exit.UNREACHABLE),
    (LabAgentsError, Exit.REFUSED),
    (InstrumentError, Exit.REFUSED),
)


def exit_of(error: Exception) -> Exit:
    """The exit code of an error that a command ended with; the most special class wins."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), Exit.BUG)
