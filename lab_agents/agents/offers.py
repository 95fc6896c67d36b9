"""Which work may be bid for, as every follower of the log sees it.

A `ProposalMade` offers each of its candidates (`make-<sample>`), a `SampleMade` its sample's first measurement
(`measure-<sample>-1`), a `MeasurementConcluded` the next one that the campaign wants, a `RemeasureRequested` the same
one again: the last number counts all measurements of the sample that were offered.
Before each batch the standards of the laboratory are offered too (`check-<standard>-<campaign>-<batch>`): a blank
for the spectra, silicon for the patterns once a day, or sooner where it was out of control; and with every so many
batches, where the campaign says so, a control film (`make-control-<campaign>-<batch>`), which is made and measured
like a sample.
Rounds count from 1. The next round is opened by
`AwardDeclined` or `AwardWithdrawn` of the present round (denied work is not offered again), and bidders answer that
entry as they answered the offer; an acceptance ends the offer if it stands before them. A bidder that was silent needs
no new round: when it is back it follows the log, answers the offer it has not handled yet, and its late answer counts
while the work still waits.
After `CampaignClosing` nothing is offered any more, except that what was made is still measured where it says so.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Literal

from pydantic import AwareDatetime, Field

from lab_agents.messages.course import (
    AwardWithdrawn,
    CampaignClosing,
    CampaignFinished,
    CampaignStarted,
    ControlJudged,
    MeasurementConcluded,
    ProposalMade,
    RemeasureRequested,
    WindowClosed,
    WorkAwarded,
)
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import LabChanged, LabOpened
from lab_agents.messages.work import AwardAccepted, AwardDeclined, CalibrationMade, SampleMade, SampleQuarantined
from lab_agents.records.base import FrozenMap, Identifier, Name, Record, with_item, without_item
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.control import control_id
from lab_agents.records.proposal import ProposedCandidate
from lab_agents.records.space import Candidate
from lab_agents.records.stock import Standard

WorkKind = Literal["make", "measure"]
_LARGEST_EXPONENT = 50.0
"""Acquisitions are expected improvements or their logarithms; beyond e^±50 their order no longer matters."""

CHECKS: Mapping[str, tuple[str, timedelta]] = MappingProxyType(
    {"blank": ("spectrum", timedelta(0)), "silicon": ("pattern", timedelta(days=1))}
)
"""Kind of a standard → the measurement that it stands behind, and the laboratory time for which one look will do."""

OFFER_KINDS = frozenset(
    {
        "LabOpened",
        "LabChanged",
        "CampaignStarted",
        "CampaignClosing",
        "CampaignFinished",
        "ProposalMade",
        "SampleMade",
        "SampleQuarantined",
        "MeasurementConcluded",
        "RemeasureRequested",
        "WindowClosed",
        "WorkAwarded",
        "AwardAccepted",
        "AwardDeclined",
        "AwardWithdrawn",
        "ControlJudged",
        "CalibrationMade",
    }
)


class Offer(Record):
    """A piece of work that may be bid for in its present round, which the entry at `since` opened.

    For a measurement, `measurement` is its kind, `step` its place in the campaign's order, and `attempt` how often this
    step was asked for: a station may look longer at the second one. `approvers` are those of its present award.
    """

    work: Identifier
    kind: WorkKind
    measurement: Name | None = None
    step: int = 0
    attempt: int = 1
    campaign: str
    sample: Identifier
    asked: Candidate
    place: Name | None = None
    value: float = 1.0
    round: int = 1
    since: int
    awarded: Name | None = None
    approvers: tuple[str, ...] = ()


class MadeSample(Record):
    """A sample that may be measured: where it stands, the step it has come to, how many measurements were offered."""

    campaign: str
    place: Name | None
    asked: Candidate
    step: int = 0
    attempt: int = 1
    n_offered: int = 1


class Offers(Record):
    """Open offers by work, the plans of open campaigns, and the samples of which something is still to be measured.

    `checked` says when each of the `standards` was offered last, in laboratory time.
    """

    plans: FrozenMap[str, CampaignPlan] = Field(default_factory=dict)
    closing: FrozenMap[str, bool] = Field(default_factory=dict)
    open: FrozenMap[str, Offer] = Field(default_factory=dict)
    samples: FrozenMap[str, MadeSample] = Field(default_factory=dict)
    standards: tuple[Standard, ...] = ()
    checked: FrozenMap[str, AwareDatetime] = Field(default_factory=dict)

    def opened_at(self, position: int) -> tuple[Offer, ...]:
        """Offers whose present round was opened by the entry at `position`, in the order of their works."""
        return tuple(o for _, o in sorted(self.open.items()) if o.since == position)


def value_of(candidate: ProposedCandidate) -> float:
    """What one good sample of this candidate is worth: grows with the acquisition, 1 where there is none."""
    if candidate.acquisition is None:
        return 1.0
    return math.exp(max(-_LARGEST_EXPONENT, min(_LARGEST_EXPONENT, candidate.acquisition)))


def make_work(sample: str) -> Identifier:
    """The id of the work that makes a sample."""
    return f"make-{sample}"


def measure_work(sample: str, number: int) -> Identifier:
    """The id of the work that measures a sample for the `number`th time."""
    return f"measure-{sample}-{number}"


def follow_offers(offers: Offers, logged: Logged) -> Offers:
    """The offers after an entry."""
    campaign, body = logged.entry.campaign or "", logged.entry.record
    match body:
        case LabOpened() | LabChanged():
            return offers.model_copy(update={"standards": body.laboratory.standards})
        case CampaignStarted():
            return offers.model_copy(update={"plans": with_item(offers.plans, body.plan.name, body.plan)})
        case CampaignClosing():
            return _close(offers, campaign, measure=body.measure)
        case CampaignFinished():
            return _forget(offers, campaign)
        case ProposalMade():
            return _check(_propose(offers, campaign, body, logged.position), campaign, body, logged)
        case SampleMade():
            return _offer_sample(offers, body, logged.position)
        case SampleQuarantined():
            return _withhold(offers, body)
        case RemeasureRequested():
            return _offer_again(offers, body, logged.position)
        case MeasurementConcluded():
            return _offer_next(offers, body, logged.position)
        case _:
            return _look_again(_follow_award(offers, logged), body)


def _follow_award(offers: Offers, logged: Logged) -> Offers:
    body = logged.entry.record
    if not isinstance(body, WindowClosed | WorkAwarded | AwardAccepted | AwardDeclined | AwardWithdrawn):
        return offers
    offer = offers.open.get(body.work)
    if offer is None or offer.round != body.round:
        return offers
    match body:
        case WindowClosed():
            refused_by_all = not body.bidders and not body.silent
            return _drop(offers, offer.work) if refused_by_all else offers
        case WorkAwarded():
            return _put(offers, offer.model_copy(update={"awarded": body.bidder, "approvers": body.approvers}))
        case AwardAccepted():
            return _drop(offers, offer.work) if offer.awarded == body.bidder else offers
        case AwardWithdrawn() if not body.again:
            return _drop(offers, offer.work)
        case AwardDeclined() | AwardWithdrawn():
            again = {"round": offer.round + 1, "since": logged.position, "awarded": None, "approvers": ()}
            return _put(offers, offer.model_copy(update=again))


def _put(offers: Offers, offer: Offer) -> Offers:
    return offers.model_copy(update={"open": with_item(offers.open, offer.work, offer)})


def _drop(offers: Offers, work: str) -> Offers:
    return offers.model_copy(update={"open": without_item(offers.open, work)})


def _close(offers: Offers, campaign: str, *, measure: bool) -> Offers:
    if campaign not in offers.plans:
        return offers
    left = {
        work: offer
        for work, offer in offers.open.items()
        if offer.campaign != campaign or (measure and offer.kind == "measure" and offer.sample in offers.samples)
    }
    return offers.model_copy(update={"open": left, "closing": with_item(offers.closing, campaign, measure)})


def _forget(offers: Offers, campaign: str) -> Offers:
    return Offers(
        plans=without_item(offers.plans, campaign),
        closing=without_item(offers.closing, campaign),
        open={w: o for w, o in offers.open.items() if o.campaign != campaign},
        samples={s: m for s, m in offers.samples.items() if m.campaign != campaign},
        standards=offers.standards,
        checked=offers.checked,
    )


def _propose(offers: Offers, campaign: str, body: ProposalMade, position: int) -> Offers:
    if campaign not in offers.plans or campaign in offers.closing:
        return offers
    for chosen in body.proposal.candidates:
        offer = Offer(
            work=make_work(chosen.sample),
            kind="make",
            campaign=campaign,
            sample=chosen.sample,
            asked=chosen.candidate,
            value=value_of(chosen),
            since=position,
        )
        offers = _put(offers, offer)
    return _offer_control(offers, offers.plans[campaign], body.proposal.number, position)


def _offer_control(offers: Offers, plan: CampaignPlan, batch: int, position: int) -> Offers:
    if plan.controls is None or not plan.controls.is_due(batch):
        return offers
    sample = control_id(plan.name, batch)
    asked = Candidate(values=plan.controls.recipe)
    offer = Offer(work=make_work(sample), kind="make", campaign=plan.name, sample=sample, asked=asked, since=position)
    return _put(offers, offer)


def _check(offers: Offers, campaign: str, body: ProposalMade, logged: Logged) -> Offers:
    """The standards that this batch's measurements will lean on, unless they were looked at recently enough."""
    plan = offers.plans.get(campaign)
    if plan is None or campaign in offers.closing:
        return offers
    now, kinds = logged.entry.at, set()
    for standard in offers.standards:
        measurement, lasts = CHECKS[standard.kind]
        last = offers.checked.get(standard.name)
        is_recent = last is not None and now - last < lasts
        if standard.kind in kinds or measurement not in plan.measurements or is_recent:
            continue
        kinds.add(standard.kind)
        offer = Offer(
            work=f"check-{standard.name}-{campaign}-{body.proposal.number}",
            kind="measure",
            measurement=measurement,
            campaign=campaign,
            sample=standard.name,
            asked=Candidate(values={}),
            place=standard.place,
            since=logged.position,
        )
        offers = _put(offers.model_copy(update={"checked": with_item(offers.checked, standard.name, now)}), offer)
    return offers


def _look_again(offers: Offers, body: Body) -> Offers:
    """The next batch looks at a standard that was out of control, and at all of them after a calibration."""
    match body:
        case CalibrationMade():
            return offers.model_copy(update={"checked": {}})
        case ControlJudged(sample=sample, rule=rule) if rule and sample in offers.checked:
            return offers.model_copy(update={"checked": without_item(offers.checked, sample)})
        case _:
            return offers


def _may_measure(offers: Offers, campaign: str) -> bool:
    return campaign in offers.plans and offers.closing.get(campaign, True)


def _offer_sample(offers: Offers, body: SampleMade, position: int) -> Offers:
    sample = body.sample
    if not _may_measure(offers, sample.campaign):
        return offers
    made = MadeSample(campaign=sample.campaign, place=sample.place, asked=sample.asked)
    offers = offers.model_copy(update={"samples": with_item(offers.samples, sample.id, made)})
    return _put(offers, _measuring(offers, sample.id, made, position))


def _offer_next(offers: Offers, body: MeasurementConcluded, position: int) -> Offers:
    """The sample's next measurement; a sample is let go when nothing more will be measured of it."""
    made = offers.samples.get(body.sample)
    if made is None or made.step != body.step:
        return offers
    step, plan = made.step + 1, offers.plans.get(made.campaign)
    if plan is not None and step == len(plan.measurements):
        return offers.model_copy(update={"samples": without_item(offers.samples, body.sample)})
    if not _may_measure(offers, made.campaign):
        return offers
    made = made.model_copy(update={"step": step, "attempt": 1, "n_offered": made.n_offered + 1})
    offers = offers.model_copy(update={"samples": with_item(offers.samples, body.sample, made)})
    return _put(offers, _measuring(offers, body.sample, made, position))


def _offer_again(offers: Offers, body: RemeasureRequested, position: int) -> Offers:
    made = offers.samples.get(body.sample)
    if made is None or not _may_measure(offers, made.campaign):
        return offers
    made = made.model_copy(update={"attempt": made.attempt + 1, "n_offered": made.n_offered + 1})
    offers = offers.model_copy(update={"samples": with_item(offers.samples, body.sample, made)})
    return _put(offers, _measuring(offers, body.sample, made, position))


def _measuring(offers: Offers, sample: str, made: MadeSample, position: int) -> Offer:
    return Offer(
        work=measure_work(sample, made.n_offered),
        kind="measure",
        measurement=offers.plans[made.campaign].measurements[made.step],
        step=made.step,
        attempt=made.attempt,
        campaign=made.campaign,
        sample=sample,
        asked=made.asked,
        place=made.place,
        since=position,
    )


def _withhold(offers: Offers, body: SampleQuarantined) -> Offers:
    left = {work: offer for work, offer in offers.open.items() if offer.sample != body.sample}
    standards = tuple(s for s in offers.standards if s.name != body.sample)
    update = {"open": left, "samples": without_item(offers.samples, body.sample), "standards": standards}
    return offers.model_copy(update=update)
