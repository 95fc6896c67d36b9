"""Making a lost journal anew from the log."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from lab_agents.agents.behaviour import AgentState, Behaviour, Draft
from lab_agents.agents.causes import cause_of
from lab_agents.agents.decisions import concerns, decision_id, step
from lab_agents.errors import UnreadableEntryError
from lab_agents.log import Cursor
from lab_agents.messages.frames import Logged, Passed
from lab_agents.messages.life import EntryRefused

S = TypeVar("S", bound=AgentState)


class Rebuild(Generic[S]):
    """State and missing decisions, from every entry up to the head at birth.

    Decisions are taken again only for causes from that of the source's last recorded decision on: what was decided
    before it was also submitted before it, and a newer software must not decide the past differently. What the recorder
    refused was submitted too: the agent has given up what hung on it, and must not say it again.
    """

    def __init__(self, name: str, behaviour: Behaviour[S], voided: frozenset[int] = frozenset()) -> None:
        """`voided` are positions that this agent could not handle and that a person let it pass over."""
        self._name, self._behaviour, self._voided = name, behaviour, voided
        self.state: S = behaviour.start()
        self.cursor = Cursor()
        self._decided: list[tuple[int, tuple[Draft, ...]]] = []
        self._recorded: set[str] = set()

    @property
    def position(self) -> int:
        """How far the log was taken."""
        return self.cursor.position

    def take(self, logged: Logged | Passed | UnreadableEntryError) -> bool:
        """Apply the next entry; False where it cannot be handled, and everything stands as before it."""
        if isinstance(logged, UnreadableEntryError):
            return self._pass_over(logged)
        try:
            if isinstance(logged, Logged):
                self._apply(logged)
        except Exception:  # noqa: BLE001 - the loop meets the same entry again, and makes trouble of it
            return False
        self.cursor = Cursor(logged.seal.log, logged.position, logged.seal.chain)
        return True

    def _pass_over(self, unread: UnreadableEntryError) -> bool:
        if unread.position not in self._voided:
            return False
        self.cursor = Cursor(unread.log, unread.position, unread.chain)
        return True

    def _apply(self, logged: Logged) -> None:
        record = logged.entry.record
        if logged.seal.source == self._name:
            self._note(logged.entry.id, logged.entry.cause)
        elif isinstance(record, EntryRefused) and record.source == self._name and record.refused_id is not None:
            self._note(record.refused_id, cause_of(record.refused_id))
        if logged.position not in self._voided and concerns(self._name, self._behaviour, logged):
            taken = step(self._name, self._behaviour, self.state, logged)
            self.state = taken.state
            if taken.drafts:
                self._decided.append((logged.position, taken.drafts))

    def _note(self, entry_id: str, cause: int | None) -> None:
        """Note an own decision that the recorder has answered."""
        if cause is None or not entry_id.startswith(f"{self._name}/{cause}/"):
            return
        if entry_id.removeprefix(f"{self._name}/{cause}/").isdigit():
            self._recorded.add(entry_id)
            self._decided = [(position, drafts) for position, drafts in self._decided if position >= cause]

    def missing(self) -> Iterator[tuple[int, int, Draft]]:
        """Decisions that the log does not hold: cause, ordinal, draft; in order."""
        for cause, drafts in self._decided:
            for ordinal, draft in enumerate(drafts):
                if decision_id(self._name, cause, ordinal) not in self._recorded:
                    yield cause, ordinal, draft
