"""Samples of which nothing more will come: counted, and let go.

A campaign of thousands of samples is not carried from entry to entry: of a sample that was made, observed and trained
on only its number matters, until somebody retracts what was observed. Samples that came to another end stay, with how.
"""

from lab_agents.agents.fates import Fate, Fates
from lab_agents.messages.course import CampaignFinished, ObservationRetracted
from lab_agents.messages.frames import Logged
from lab_agents.records.base import FrozenMap, with_item, without_item
from lab_agents.records.control import is_control
from lab_agents.records.space import Candidate

Settled = FrozenMap[str, int]
"""Campaign → samples that were made, observed and trained on, and of which nothing was retracted since."""


def settle(fates: Fates) -> tuple[Fates, tuple[Fate, ...]]:
    """The fates that may still change or count for something else, and those that are only counted from now on."""
    gone = tuple(fate for fate in fates.values() if _is_settled(fate))
    if not gone:
        return fates, ()
    return {name: fate for name, fate in fates.items() if not _is_settled(fate)}, gone


def count_settled(settled: Settled, gone: tuple[Fate, ...], logged: Logged) -> Settled:
    """The counts after `gone` was let go because of an entry; a finished campaign is forgotten."""
    for fate in gone:
        settled = settled if fate.is_control else with_item(settled, fate.campaign, settled.get(fate.campaign, 0) + 1)
    if isinstance(logged.entry.record, CampaignFinished):
        return without_item(settled, logged.entry.campaign or "")
    return settled


def take_back(fates: Fates, settled: Settled, logged: Logged) -> tuple[Fates, Settled]:
    """Before an entry that retracts an observation of a settled sample: it stands among the fates again."""
    body, campaign = logged.entry.record, logged.entry.campaign or ""
    n = settled.get(campaign, 0)
    if not isinstance(body, ObservationRetracted) or body.sample in fates or is_control(body.sample) or n < 1:
        return fates, settled
    fate = Fate(
        sample=body.sample,
        campaign=campaign,
        candidate=Candidate(values={}),
        stage="trained",
        is_made=True,
        is_observed=True,
    )
    return with_item(fates, fate.sample, fate), with_item(settled, campaign, n - 1)


def _is_settled(fate: Fate) -> bool:
    is_learned = fate.stage == "trained" and fate.is_made and fate.is_observed
    return is_learned or (fate.is_control and fate.has_ended)
