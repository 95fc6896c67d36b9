"""Pauses of campaigns, as everybody who may move something follows them.

From `CampaignPaused` on nothing of the campaign begins, until `CampaignResumed`: also not while it closes. What is
under way comes to its next rest: an act ends, because nothing interrupts it; a chain, whose next step may wait only for
a short time, runs to its last step, because its sample would spoil, unless the pause says `at_once`.
"""

from types import MappingProxyType

from pydantic import AwareDatetime

from lab_agents.messages.course import CampaignFinished, CampaignPaused, CampaignResumed
from lab_agents.messages.frames import Logged
from lab_agents.records.base import FrozenMap, Name, Record, with_item, without_item

PAUSE_KINDS = frozenset({"CampaignPaused", "CampaignResumed", "CampaignFinished"})


class Pause(Record):
    """The entry since which, and the laboratory time since when, nothing of a campaign begins.

    With `at_once` also what may wait only for a short time waits, and spoils.
    """

    since: int
    at: AwareDatetime
    at_once: bool = False

    def holds(self, *, is_chained: bool) -> bool:
        """Whether what has its turn is not begun; `is_chained`: it may wait only for a short time."""
        return self.at_once or not is_chained


Pauses = FrozenMap[Name, Pause]
"""The pauses of campaigns by their names."""
UNPAUSED: Pauses = MappingProxyType({})


def follow_pauses(pauses: Pauses, logged: Logged) -> Pauses:
    """The pauses after an entry; who pauses once more changes only whether chains are held too."""
    body, name = logged.entry.record, logged.entry.campaign or ""
    if isinstance(body, CampaignPaused):
        known = pauses.get(name) or Pause(since=logged.position, at=logged.entry.at)
        return with_item(pauses, name, known.model_copy(update={"at_once": body.at_once}))
    if isinstance(body, CampaignResumed | CampaignFinished) and name in pauses:
        return without_item(pauses, name)
    return pauses
