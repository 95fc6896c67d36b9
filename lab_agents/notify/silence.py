"""Who should be heard all the time and is not: the recorder, supervision, each machine's guard, the broker."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from lab_agents.notify.notice import Notice, make_notice

SILENT = 30.0
"""Wall seconds without a word after which people are told. All of them speak twice a second; a guard that starts a
killed one again needs less than ten seconds, one that starts with its whole machine twenty."""
STARTING = 150.0
"""The same for a first word: a laboratory that starts imports for minutes on a busy machine."""
REMEDIES = "lab-agents status\n  lab-agents resume"


@dataclass
class SilenceWatch:
    """Times at which each was heard last; at the beginning, the time until which nobody is missed, less `SILENT`.

    Args:
        lab: The laboratory.
        expected: Who should be heard, from `begun` on (seconds of a monotonic clock).
    """

    lab: str
    expected: Iterable[str]
    begun: float
    _heard: dict[str, float] = field(default_factory=dict, init=False)
    _told: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._heard = dict.fromkeys(self.expected, self.begun + STARTING - SILENT)

    def hear(self, name: str, now: float) -> None:
        """One of them spoke."""
        if name in self._heard:
            self._heard[name] = now

    def forgive(self, now: float) -> None:
        """This process itself did not listen: everybody gets their time anew."""
        self._heard = {name: max(at, now) if name not in self._told else at for name, at in self._heard.items()}

    def look(self, now: float, at: datetime) -> list[Notice]:
        """Who has become silent, and who is back; each is said once.

        Args:
            now: On the monotonic clock.
            at: Wall time.
        """
        notices = []
        for name, heard in sorted(self._heard.items()):
            silent = now - heard > SILENT
            if silent and name not in self._told:
                self._told[name] = f"silence/{name}/{at:%Y%m%dT%H%M%S}"
                title = f"{name} has not been heard for {SILENT:.0f} s"
                text = f"{title}\nNothing new starts without it, and nobody may be watching.\n  {REMEDIES}"
                notices.append(make_notice(self._told[name], "silence", self.lab, at, title, text))
            elif not silent and name in self._told:
                title = f"{name} is heard again"
                notices.append(make_notice(f"{self._told.pop(name)}/over", "silence", self.lab, at, title, title))
        return notices
