"""What an agent's process must know before it goes on: whose log it meets, and whether its journal is the last one."""

from lab_agents.agents.poison import tells_stuck
from lab_agents.errors import ForeignLogError, UnreadableEntryError
from lab_agents.journal import Saved
from lab_agents.log import Cursor, LogLink, Wants
from lab_agents.messages.commands import EntryVoided
from lab_agents.messages.frames import Answer, Logged, Passed
from lab_agents.messages.life import TroubleMet

Met = Logged | Passed | UnreadableEntryError
"""What comes next in the log: an entry, the place of one of no concern, or of one that this version cannot read."""


def check_log(name: str, saved: Saved, answer: Answer) -> None:
    """Raises ForeignLogError if the log is not the one that this journal followed, or ends before it."""
    if saved.log and (saved.log != answer.log or answer.head < saved.position):
        raise ForeignLogError(
            f"{name} has followed log {saved.log} to {saved.position}; the recorder serves log {answer.log} "
            f"with head {answer.head}. Bring the former store back, or adopt this one: "
            f"lab-agents log adopt {name}"
        )


def is_lost(saved: Saved, answer: Answer) -> bool:
    """Whether a journal counts as lost: it is behind its own last sequence, or was rolled back to another epoch."""
    never_born = answer.last_epoch == 0
    return answer.sequence > saved.sequence or not (never_born or answer.last_epoch in saved.epochs)


async def next_of(link: LogLink, wants: Wants) -> Met:
    """The entry after the last one, its place where it is of no concern, or why this version cannot read it."""
    try:
        return await link.next_of(wants)
    except UnreadableEntryError as unread:
        return unread


async def find_voided(name: str, link: LogLink, wants: Wants, head: int) -> frozenset[int]:
    """Positions that stopped this agent and were voided: read first, since a rebuild meets the entry before.

    What others stumbled over, and this agent handled, it has handled. The link stands at `head` afterwards.
    """
    link.rewind(Cursor())
    position, voided, stuck = 0, set(), set()
    while position < head:
        logged = await next_of(link, wants)
        position = logged.position
        record = logged.entry.record if isinstance(logged, Logged) else None
        if isinstance(record, EntryVoided):
            voided.add(record.position)
        elif isinstance(record, TroubleMet) and isinstance(logged, Logged) and tells_stuck(name, logged):
            stuck.add(record.position)
    return frozenset(voided & stuck)
