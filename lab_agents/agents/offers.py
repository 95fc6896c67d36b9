"""Which work may be bid for, as every follower of the log sees it.

A `ProposalMade` offers each of its candidates (`make-<sample>`), a `SampleMade` its sample's first measurement
(`measure-<sample>-1`), a `MeasurementConcluded` the next one that the campaign wants, a `RemeasureRequested` the same
one again: the last number counts all measurements of the sample that were offered.
Rounds count from 1. The next round is opened by
`AwardDeclined` or `AwardWithdrawn` of the present round, and bidders answer that entry as they answered the offer; an
acceptance ends the offer if it stands before them. A bidder that was silent needs no new round: when it is back it
follows the log, answers the offer it has not handled yet, and its late answer counts while the work still waits.
After `CampaignClosing` nothing is offered any more, except that what was made is still measured where it says so.
"""

import math
from typing import Literal

from pydantic import Field

from lab_agents.messages.course import (
    AwardWithdrawn,
    CampaignClosing,
    CampaignFinished,
    CampaignStarted,
    MeasurementConcluded,
    ProposalMade,
    RemeasureRequested,
    WindowClosed,
    WorkAwarded,
)
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import AwardAccepted, AwardDeclined, SampleMade, SampleQuarantined
from lab_agents.records.base import FrozenMap, Identifier, Name, Record, with_item, without_item
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.proposal import ProposedCandidate
from lab_agents.records.space import Candidate

WorkKind = Literal["make", "measure"]
_LARGEST_EXPONENT = 50.0
"""Acquisitions are expected improvements or their logarithms; beyond e^±50 their order no longer matters."""

OFFER_KINDS = frozenset(
    {
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
    }
)


class Offer(Record):
    """A piece of work that may be bid for in its present round, which the entry at `since` opened.

    For a measurement, `measurement` is its kind, `step` its place in the campaign's order, and `attempt` how often this
    step was asked for: a station may look longer at the second one.
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


class MadeSample(Record):
    """A sample that may be measured: where it stands, the step it has come to, how many measurements were offered."""

    campaign: str
    place: Name | None
    asked: Candidate
    step: int = 0
    attempt: int = 1
    n_offered: int = 1


class Offers(Record):
    """Open offers by work, the plans of open campaigns, and the samples that could be measured again."""

    plans: FrozenMap[str, CampaignPlan] = Field(default_factory=dict)
    closing: FrozenMap[str, bool] = Field(default_factory=dict)
    open: FrozenMap[str, Offer] = Field(default_factory=dict)
    samples: FrozenMap[str, MadeSample] = Field(default_factory=dict)

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
        case CampaignStarted():
            return offers.model_copy(update={"plans": with_item(offers.plans, body.plan.name, body.plan)})
        case CampaignClosing():
            return _close(offers, campaign, measure=body.measure)
        case CampaignFinished():
            return _forget(offers, campaign)
        case ProposalMade():
            return _propose(offers, campaign, body, logged.position)
        case SampleMade():
            return _offer_sample(offers, body, logged.position)
        case SampleQuarantined():
            return _withhold(offers, body)
        case RemeasureRequested():
            return _offer_again(offers, body, logged.position)
        case MeasurementConcluded():
            return _offer_next(offers, body, logged.position)
        case _:
            return _follow_award(offers, logged)


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
            return _put(offers, offer.model_copy(update={"awarded": body.bidder}))
        case AwardAccepted():
            return _drop(offers, offer.work) if offer.awarded == body.bidder else offers
        case AwardDeclined() | AwardWithdrawn():
            again = {"round": offer.round + 1, "since": logged.position, "awarded": None}
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
        if offer.campaign != campaign or (measure and offer.kind == "measure")
    }
    return offers.model_copy(update={"open": left, "closing": with_item(offers.closing, campaign, measure)})


def _forget(offers: Offers, campaign: str) -> Offers:
    return Offers(
        plans=without_item(offers.plans, campaign),
        closing=without_item(offers.closing, campaign),
        open={w: o for w, o in offers.open.items() if o.campaign != campaign},
        samples={s: m for s, m in offers.samples.items() if m.campaign != campaign},
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
    """The sample's next measurement, unless this was the last one or the campaign measures no more."""
    made = offers.samples.get(body.sample)
    if made is None or made.step != body.step or not _may_measure(offers, made.campaign):
        return offers
    step = made.step + 1
    if step == len(offers.plans[made.campaign].measurements):
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
    return offers.model_copy(update={"open": left, "samples": without_item(offers.samples, body.sample)})
