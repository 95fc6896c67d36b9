"""The errors of this package.

LabAgentsError
├── DeclarationError        a campaign, lab file or table that cannot be meant
├── MessageError            bytes that are no entry, frame, question or status
│   ├── OversizedError      more bytes than the protocol carries
│   └── UnreadableEntryError  an entry of the log that this version cannot read
├── BusError                a broker that cannot be found, started or addressed
├── TableError              a table of recorded data that cannot be read as declared
├── BlobError               a blob that is missing or whose content does not match its address
├── StoreError              the central store cannot be opened, or belongs to another laboratory or version
│   └── LostLeaseError      another recorder holds the store
├── JournalError            an agent's journal cannot be opened, or another process holds it
│   └── FullJournalError    the disk takes nothing now: full, read-only or locked
├── ForeignLogError         a log that is not the one followed so far: identity, chain or head disagree
├── FencedError             a newer process of the same source was born; this one must exit
├── StateFolderError        a state folder of another laboratory or version, or one that is in use
├── ComputeError            a computing job that failed, with the text of its error
├── ChannelError            a notification that could not be delivered
├── ReportError             a report of a campaign that does not stand in the log
└── GuardError              the guard of a machine cannot be reached or refuses
    └── SilentGuardError    a guard that takes a question and does not answer: frozen
"""


class LabAgentsError(Exception):
    """Anything that this package refuses; the message says what, where, with which number, and what to do next."""


class DeclarationError(LabAgentsError):
    """A campaign, lab file or message record that cannot be meant.

    Attributes:
        source: File (or topic) it stands in.
        line: Line in that file, from 1, or None.
        field: Dotted path of the field.
        remedy: What to do next.
    """

    def __init__(self, what: str, *, source: str, line: int | None = None, field: str = "", remedy: str = "") -> None:
        self.what, self.source, self.line, self.field, self.remedy = what, source, line, field, remedy
        place = source if line is None else f"{source}, line {line}"
        super().__init__(f"{place}: {field + ': ' if field else ''}{what}{'. ' + remedy if remedy else ''}")


class MessageError(LabAgentsError):
    """Bytes that are no entry, frame, question or status of this protocol."""


class OversizedError(MessageError):
    """More bytes than the protocol carries."""


class UnreadableEntryError(MessageError):
    """An entry of the log that this version cannot read: of a newer kind, or damaged where it was written.

    Attributes:
        log: Identity of the log.
        position: Where the entry stands.
        chain: The chain there.
    """

    def __init__(self, reason: str, *, log: str, position: int, chain: str) -> None:
        self.log, self.position, self.chain = log, position, chain
        super().__init__(f"entry {position} cannot be read by this version: {reason}")


class BusError(LabAgentsError):
    """A broker that cannot be found, started or addressed."""


class TableError(LabAgentsError):
    """A table of recorded data that cannot be read as declared."""


class BlobError(LabAgentsError):
    """A blob that is missing, or whose content does not match its address."""


class StoreError(LabAgentsError):
    """The central store cannot be opened, or belongs to another laboratory or version."""


class LostLeaseError(StoreError):
    """Another recorder holds the store; this process must exit."""


class JournalError(LabAgentsError):
    """An agent's journal cannot be opened, or another process holds it."""


class FullJournalError(JournalError):
    """The disk takes nothing now: it is full, read-only or locked; nothing was written."""


class ForeignLogError(LabAgentsError):
    """A log that is not the one followed so far: its identity, chain or head disagree."""


class FencedError(LabAgentsError):
    """A newer process of the same source was born; this one must exit at once and move nothing."""


class StateFolderError(LabAgentsError):
    """A state folder of another laboratory or version, or one that is in use."""


class ComputeError(LabAgentsError):
    """A computing job that failed; the message is the text of its error."""


class ChannelError(LabAgentsError):
    """A notification that could not be delivered, or a channel that cannot be opened."""


class ReportError(LabAgentsError):
    """A report of a campaign that does not stand in the log."""


class GuardError(LabAgentsError):
    """The guard of a machine cannot be reached, or refuses."""


class SilentGuardError(GuardError):
    """A guard that takes a question and does not answer: frozen."""


def first_error(group: BaseException) -> BaseException:
    """The first error of a group of groups, which a task group makes of one; any other error is its own first."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
