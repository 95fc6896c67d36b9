"""What becomes of each sample of a campaign, as planning and supervision both follow it from the log.

`offered → making → made → measured → observed → trained`, or out of the way at any point: `failed` (begun, and no
observation will come), `refused` (nobody can make it), `lapsed` (the campaign closed first). A sample of which the
campaign wants several measurements goes back from `measured` to `made` until the last one was concluded. Nothing is
trained on a control film: it has ended when it is observed, and it costs no budget.
"""

from typing import Literal

from lab_agents.agents.offers import Offers, make_work
from lab_agents.messages.course import (
    AwardWithdrawn,
    CampaignClosing,
    CampaignFinished,
    MeasurementConcluded,
    ModelTrained,
    ObservationMade,
    ObservationRetracted,
    ProposalMade,
    RemeasureRequested,
    WindowClosed,
)
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import AwardAccepted, MeasurementTaken, SampleMade, SampleQuarantined
from lab_agents.records.base import FrozenMap, Identifier, Record, with_item
from lab_agents.records.control import control_id, is_control
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.space import Candidate

Stage = Literal["offered", "making", "made", "measured", "observed", "trained", "failed", "refused", "lapsed"]

FATE_KINDS = frozenset(
    {
        "MeasurementTaken",
        "MeasurementConcluded",
        "ObservationMade",
        "ObservationRetracted",
        "ModelTrained",
        "TroubleMet",
        "SampleQuarantined",
    }
)


class Fate(Record):
    """One sample's way: its stage, and what it has been through."""

    sample: Identifier
    campaign: str
    candidate: Candidate
    stage: Stage = "offered"
    is_made: bool = False
    is_observed: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        is_read = self.is_control and self.stage == "observed"
        return is_read or self.stage in ("trained", "failed", "refused", "lapsed")

    @property
    def is_control(self) -> bool:
        """Whether it is a control film, and no candidate."""
        return is_control(self.sample)

    @property
    def is_spent(self) -> bool:
        """Whether it has used up one sample of the budget: somebody has begun it."""
        return not self.is_control and (self.is_made or self.stage in ("making", "failed"))


Fates = FrozenMap[str, Fate]


def follow_fates(fates: Fates, before: Offers, after: Offers, logged: Logged, lab: Laboratory | None) -> Fates:
    """The fates after an entry; `before` and `after` are the offers around it."""
    campaign, body = logged.entry.campaign or "", logged.entry.record
    if isinstance(body, ProposalMade):
        known = [c for c in body.proposal.candidates if make_work(c.sample) in after.open and c.sample not in fates]
        begun = {c.sample: Fate(sample=c.sample, campaign=campaign, candidate=c.candidate) for c in known}
        control = after.open.get(make_work(control_id(campaign, body.proposal.number)))
        if control is not None and control.sample not in fates:
            begun[control.sample] = Fate(sample=control.sample, campaign=campaign, candidate=control.asked)
        return {**fates, **begun}
    if isinstance(body, CampaignClosing):
        return {s: _close(f, body) if f.campaign == campaign else f for s, f in fates.items()}
    if isinstance(body, CampaignFinished):
        return {s: f for s, f in fates.items() if f.campaign != campaign}
    sample = _sample_of(body, logged, before)
    fate = fates.get(sample) if sample is not None else None
    if fate is None:
        return fates
    if isinstance(body, MeasurementConcluded):
        moved = _conclude(fate, body, after)
    else:
        moved = _step(fate, body, before, after, _role(lab, logged.seal.source))
    return fates if moved is fate else with_item(fates, fate.sample, moved)


def _sample_of(body: Body, logged: Logged, offers: Offers) -> str | None:
    match body:
        case SampleMade():
            return body.sample.id
        case MeasurementTaken():
            return body.measurement.sample
        case ObservationMade():
            return body.observation.sample
        case MeasurementConcluded() | RemeasureRequested() | SampleQuarantined() | ObservationRetracted():
            return body.sample
        case ModelTrained() | TroubleMet():
            return logged.entry.subject
        case AwardAccepted() | AwardWithdrawn() | WindowClosed():
            offer = offers.open.get(body.work)
            return None if offer is None or offer.round != body.round else offer.sample
        case _:
            return None


def _role(lab: Laboratory | None, source: str) -> str:
    """The role of a source; agents that every laboratory has are named after theirs."""
    return lab.agents[source].role if lab is not None and source in lab.agents else source


def _close(fate: Fate, body: CampaignClosing) -> Fate:
    lapses = fate.stage == "offered" or (fate.stage == "made" and not body.measure)
    return fate.model_copy(update={"stage": "lapsed"}) if lapses else fate


def _step(fate: Fate, body: Body, before: Offers, after: Offers, role: str) -> Fate:
    match body:
        case AwardAccepted():
            offer = before.open[body.work]
            counts = offer.kind == "make" and offer.awarded == body.bidder
            return _at(fate, "making") if counts else fate
        case WindowClosed() | AwardWithdrawn():
            is_over = body.work not in after.open
            return _at(fate, "failed" if fate.is_made else "refused") if is_over else fate
        case SampleMade():
            stage: Stage = "made" if body.sample.id in after.samples else "lapsed"
            return fate.model_copy(update={"stage": stage, "is_made": True})
        case ObservationMade():
            return fate.model_copy(update={"is_observed": True})
        case MeasurementTaken():
            return _at(fate, "measured")
        case ModelTrained():
            return _at(fate, "trained") if fate.stage == "observed" else fate
        case RemeasureRequested():
            return _at(fate, "made" if fate.sample in after.samples and _is_offered(after, fate) else "failed")
        case SampleQuarantined():
            return _at(fate, "failed") if fate.stage in ("offered", "making", "made") else fate
        case ObservationRetracted():
            # A sample that still has measurements before it goes on: they may say something of their own.
            gone: Stage = "failed" if fate.has_ended or fate.stage == "observed" else fate.stage
            return fate.model_copy(update={"stage": gone, "is_observed": False})
        case _:
            return _trouble(fate, role)


def _conclude(fate: Fate, body: MeasurementConcluded, after: Offers) -> Fate:
    """A sample is observed when its last measurement was concluded and any of them gave a value."""
    plan = after.plans.get(fate.campaign)
    if fate.stage != "measured" or plan is None:
        return fate
    if body.step + 1 == len(plan.measurements):
        return _at(fate, "observed" if fate.is_observed else "failed")
    if _is_offered(after, fate):
        return _at(fate, "made")
    return _at(fate, "lapsed" if fate.sample in after.samples else "failed")


def _trouble(fate: Fate, role: str) -> Fate:
    """A conclusion that was lost ends a measured sample's way; trouble of training leaves the model as it was."""
    if role == "analysis" and fate.stage == "measured":
        return _at(fate, "failed")
    return _at(fate, "trained") if role == "training" and fate.stage == "observed" else fate


def _is_offered(offers: Offers, fate: Fate) -> bool:
    return any(o.sample == fate.sample for o in offers.open.values())


def _at(fate: Fate, stage: Stage) -> Fate:
    return fate.model_copy(update={"stage": stage})
