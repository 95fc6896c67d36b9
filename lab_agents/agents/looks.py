"""How long a station looks at a sample: as long as the answer can still change what is thought of it.

What is known of a sample from earlier measurements says how likely it can meet the target. Where that is next to
nothing, no exactness changes the verdict, and a short look tells a model enough: the value of information is that of a
decision which could turn out otherwise [Howard1966]. Else the station takes the way that is expected to decide sooner:
a usual look, repeated longer as often as it has learned that one leaves the matter open, or the longer one at once.

A station whose settings name no argument as `longer` always looks the same way; `shorter_by` and `longer_by` are what
that argument is multiplied by.

[Howard1966] Howard, IEEE Trans. Syst. Sci. Cybern. 2, 22.
"""

import math
from collections.abc import Iterable, Mapping

from pydantic import Field

from lab_agents.agents.bidder_state import BidderState
from lab_agents.hits import chance
from lab_agents.messages.course import (
    CampaignFinished,
    MeasurementConcluded,
    ObservationMade,
    ObservationRetracted,
    RemeasureRequested,
)
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import MeasurementTaken
from lab_agents.records.base import FrozenMap, Record, with_item, without_item
from lab_agents.records.control import is_control
from lab_agents.records.observation import Unread
from lab_agents.records.recipe import Argument
from lab_agents.records.target import Target

HOPELESS = 0.02
"""Below this chance of meeting the target a sample is not looked at closely: of fifty such, one would be a hit."""
LEAST_WORTH = 0.1
"""What measuring a sample is worth that cannot meet the target, against 1 for one that surely does: models learn from
failures too (assumption)."""
PRIOR_DECIDED, PRIOR_OPEN = 9.0, 1.0
"""How often a usual look decides before that is known: as if nine of ten had (assumption)."""


class Seen(Record):
    """What is known of one sample: value and deviation by property, and what could not be read."""

    campaign: str
    values: FrozenMap[str, tuple[float, float]] = Field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    def promise(self, target: Target) -> float:
        """The chance that it meets every bound of which anything is known; one that cannot be read is not met."""
        if any(c.property in self.unread and c.property not in self.values for c in target.constraints):
            return 0.0
        known = ((c, self.values.get(c.property)) for c in target.constraints)
        return math.prod(1.0 if read is None else chance(c, *read) for c, read in known)


class Look(Record):
    """How a sample is looked at: what the argument is multiplied by, what the look is worth, and why so."""

    factor: float = 1.0
    worth: float = 1.0
    why: str = ""


class Looks(Record):
    """What a station knows of samples still to be looked at, and how often its usual looks at promising ones decided.

    `usual` are such looks that analysis has not answered yet.
    """

    seen: FrozenMap[str, Seen] = Field(default_factory=dict)
    usual: frozenset[str] = frozenset()
    n_decided: int = 0
    n_open: int = 0

    @property
    def open_share(self) -> float:
        """The expected share of usual looks that leave the matter open."""
        return (self.n_open + PRIOR_OPEN) / (self.n_open + self.n_decided + PRIOR_OPEN + PRIOR_DECIDED)

    def promise(self, sample: str, target: Target) -> float:
        """The chance that a sample meets the target; 1 where nothing is known of it."""
        seen = self.seen.get(sample)
        return 1.0 if seen is None else seen.promise(target)

    def choose(self, settings: Mapping[str, Argument], promise: float, seconds: float) -> Look:
        """How to look at a sample for the first time.

        Args:
            settings: Of the station.
            promise: The sample's chance to meet the target.
            seconds: Expected duration of a usual look, in laboratory time.
        """
        worth = LEAST_WORTH + (1 - LEAST_WORTH) * promise
        if promise < HOPELESS and "shorter_by" in settings:
            why = f"a short look, because the chance to meet the target is {promise:.2f}"
            return Look(factor=float(settings["shorter_by"]), worth=worth, why=why)
        longer_by = float(settings.get("longer_by", 1.0))
        if seconds + self.open_share * longer_by * seconds > longer_by * seconds > seconds:
            why = f"a long look at once, because {self.open_share:.0%} of the usual ones left the matter open"
            return Look(factor=longer_by, worth=worth, why=why)
        return Look(worth=worth)


def follow_looks(looks: Looks, logged: Logged, me: str, state: BidderState) -> Looks:
    """The looks after an entry, of the station `me` with this state."""
    body, campaign = logged.entry.record, logged.entry.campaign or ""
    match body:
        case ObservationMade() if is_control(body.observation.sample):
            # However little it promises: each control film is looked at alike, or its scatter would say nothing.
            return looks
        case ObservationMade(observation=o):
            return _see(looks, o.sample, campaign, {o.property: (o.value, o.deviation)}, ())
        case MeasurementTaken(measurement=m) if logged.seal.source == me:
            plan, settings = state.offers.plans.get(campaign), state.settings(me)
            argument = str(settings.get("longer", ""))
            is_usual = m.settings.get(argument) == settings.get(f"with_{argument}")
            if plan is None or not is_usual or looks.promise(m.sample, plan.target) < HOPELESS:
                return looks
            return looks.model_copy(update={"usual": looks.usual | {m.id}})
        case MeasurementConcluded():
            unread = () if is_control(body.sample) else body.unread
            looks = _answer(_see(looks, body.sample, campaign, {}, unread), body.measurement, "n_decided")
            plan = state.offers.plans.get(campaign)
            is_last = plan is not None and body.step + 1 == len(plan.measurements)
            return looks.model_copy(update={"seen": without_item(looks.seen, body.sample)}) if is_last else looks
        case RemeasureRequested():
            return _answer(looks, body.measurement, "n_open")
        case ObservationRetracted():
            return looks.model_copy(update={"seen": without_item(looks.seen, body.sample)})
        case CampaignFinished():
            left = {sample: seen for sample, seen in looks.seen.items() if seen.campaign != campaign}
            return looks.model_copy(update={"seen": left, "usual": frozenset()})
        case _:
            return looks


def _see(
    looks: Looks, sample: str, campaign: str, values: Mapping[str, tuple[float, float]], unread: Iterable[Unread]
) -> Looks:
    known = looks.seen.get(sample, Seen(campaign=campaign))
    names = known.unread | {one.property for one in unread}
    if not values and names == known.unread:
        return looks
    now = known.model_copy(update={"values": {**known.values, **values}, "unread": names})
    return looks.model_copy(update={"seen": with_item(looks.seen, sample, now)})


def _answer(looks: Looks, measurement: str, field: str) -> Looks:
    if measurement not in looks.usual:
        return looks
    update = {"usual": looks.usual - {measurement}, field: getattr(looks, field) + 1}
    return looks.model_copy(update=update)
