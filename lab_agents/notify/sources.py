"""What a notifier reads from files: the log, and the reports of stops. For one thread; a broker is not needed."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from lab_agents.errors import StoreError
from lab_agents.notify.notice import Notice
from lab_agents.notify.pending import KEPT
from lab_agents.notify.telling import KINDS, tell_entry, tell_report
from lab_agents.state_folder import StateFolder
from lab_agents.stop_report import StopReport, read_reports
from lab_agents.store.reader import StoreReader, open_store

_LOG = logging.getLogger(__name__)


@dataclass
class LogSource:
    """The store's newest entries.

    Args:
        folder: The state folder.
        lab: The laboratory.
    """

    folder: StateFolder
    lab: str
    _reader: StoreReader | None = field(default=None, init=False)

    def read(self, position: int | None, now: datetime) -> tuple[list[Notice], int | None]:
        """What the log says after `position`, and how far it is told then; None where it cannot be read.

        A log that is met for the first time is told from its end on; so is one that has become shorter (restored).
        """
        try:
            self._reader = self._reader or open_store(self.folder.store)
            if self._reader is None:
                return [], None
            head, _ = self._reader.head()
            if position is None or position > head:
                return [], head
            entries = list(self._reader.entries(KINDS, after=position)) if head > position else []
        except StoreError as error:
            # Broken: then the recorder is silent, and that is told.
            _LOG.warning("%s", error)
            self.close()
            return [], None
        notices = (tell_entry(logged, self.lab, str(self.folder.path), now) for logged in entries)
        last = max(head, *(logged.position for logged in entries)) if entries else head
        return [one for one in notices if one is not None], last

    def close(self) -> None:
        """Let go of the store."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None


@dataclass
class StopSource:
    """The reports that guards of this state folder keep of stops and drills.

    Args:
        folder: The state folder.
        lab: The laboratory.
        machines: Whose guards.
    """

    folder: StateFolder
    lab: str
    machines: tuple[str, ...]
    _told: dict[tuple[str, str], StopReport] = field(default_factory=dict, init=False)
    _unreadable: set[str] = field(default_factory=set, init=False)

    def read(self, since: datetime, now: datetime) -> list[Notice]:
        """What is new or changed of stops after `since`; of old ones nobody knows any more whether they were told."""
        since = max(since, now - KEPT)
        kept = read_reports(self.folder, self.machines)
        for trouble in set(kept.unreadable) - self._unreadable:
            _LOG.warning("%s", trouble)
        self._unreadable = set(kept.unreadable)
        new = [r for r in kept.reports if r.stop.at >= since and self._told.get((r.stop.id, r.machine)) != r]
        self._told |= {(report.stop.id, report.machine): report for report in new}
        return [tell_report(report, self.lab, now) for report in new]
