"""What each campaign was granted, and which awards lie beyond it, judged from the log by whoever is awarded.

Planning judges budget and autonomy where it awards. Lines, stations and supervision judge samples and approvals again,
from what supervision granted and from what stands in the log, never from what the award says of itself: a planner that
was taken over, or errs, has no more samples made than were granted, and nothing done alone that a person must approve.

The count is planning's own (samples begun, and awards that stand), taken at the award's position. Planning counts what
it is about to award too, so what it awards in its right mind is never beyond the budget.
"""

from typing import Literal

from lab_agents.agents.offers import Offer, Offers
from lab_agents.messages.course import AwardWithdrawn, BudgetGranted, CampaignFinished, CampaignStarted, WorkAwarded
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import AwardAccepted, AwardDeclined, SampleQuarantined
from lab_agents.records.base import FrozenMap, Identifier, Record, with_item, without_item
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.control import is_control
from lab_agents.records.ticket import Trouble

BeyondCode = Literal["over_budget", "not_approved"]
REMEDIES = ("seen", "close the campaign")
"""Nothing was begun, so to have seen it is enough; a planner that goes on so is for a person to end."""

_Word = WorkAwarded | AwardAccepted | AwardDeclined | AwardWithdrawn


class Beyond(Record):
    """Why an award lies beyond what its campaign may do."""

    code: BeyondCode
    reason: str


class Grant(Record):
    """One campaign: samples granted, samples begun, and samples whose award stands and is not accepted."""

    samples: int
    n_begun: int = 0
    awarded: frozenset[Identifier] = frozenset()

    @property
    def n_spent(self) -> int:
        """Samples of the budget that were begun or are awarded."""
        return self.n_begun + len(self.awarded)


Grants = FrozenMap[str, Grant]


def follow_grants(grants: Grants, offers: Offers, logged: Logged) -> Grants:
    """The grants after an entry; `offers` are those before it."""
    campaign, body = logged.entry.campaign or "", logged.entry.record
    match body:
        case CampaignStarted(plan=plan):
            return with_item(grants, plan.name, Grant(samples=plan.budget.samples))
        case BudgetGranted(samples=samples) if campaign in grants:
            return with_item(grants, campaign, grants[campaign].model_copy(update={"samples": samples}))
        case CampaignFinished():
            return without_item(grants, campaign)
        case SampleQuarantined(sample=sample):
            offer = next((o for o in offers.open.values() if o.sample == sample), None)
            return grants if offer is None else _begin(grants, offers, offer)
        case WorkAwarded() | AwardAccepted() | AwardDeclined() | AwardWithdrawn():
            return _follow_award(grants, offers, body)
        case _:
            return grants


def _follow_award(grants: Grants, offers: Offers, body: _Word) -> Grants:
    offer = offers.open.get(body.work)
    if offer is None or offer.round != body.round or not _spends(offers, offer):
        return grants
    if isinstance(body, AwardAccepted):
        return _begin(grants, offers, offer) if offer.awarded == body.bidder else grants
    grant = _grant_of(grants, offers, offer)
    awarded = grant.awarded - {offer.work}
    if isinstance(body, WorkAwarded) and find_beyond(grants, offers, body) is None:
        awarded |= {offer.work}
    return with_item(grants, offer.campaign, grant.model_copy(update={"awarded": awarded}))


def _begin(grants: Grants, offers: Offers, offer: Offer) -> Grants:
    """The grants after a sample was begun, or put away before anybody could begin it: both use it up."""
    if not _spends(offers, offer):
        return grants
    grant = _grant_of(grants, offers, offer)
    update = {"awarded": grant.awarded - {offer.work}, "n_begun": grant.n_begun + 1}
    return with_item(grants, offer.campaign, grant.model_copy(update=update))


def _grant_of(grants: Grants, offers: Offers, offer: Offer) -> Grant:
    """What the offer's campaign was granted; its plan says so where it was started before grants were followed."""
    return grants.get(offer.campaign) or Grant(samples=offers.plans[offer.campaign].budget.samples)


def _spends(offers: Offers, offer: Offer) -> bool:
    """Whether this work uses up one sample of the budget: a control film does not, and no name alone makes one."""
    if offer.kind != "make":
        return False
    controls = offers.plans[offer.campaign].controls
    return not (is_control(offer.sample) and controls is not None and offer.asked.values == controls.recipe)


def find_beyond(grants: Grants, offers: Offers, body: WorkAwarded) -> Beyond | None:
    """Why an award lies beyond what its campaign may do, or None.

    Args:
        grants: Before the award or after it: what is judged is all the rest.
        offers: Likewise.
        body: The award; one of nothing that is offered in this round is nobody's work, and not beyond anything.
    """
    offer = offers.open.get(body.work)
    if offer is None or offer.round != body.round:
        return None
    plan, grant = offers.plans[offer.campaign], _grant_of(grants, offers, offer)
    n_spent = len(grant.awarded - {offer.work}) + grant.n_begun
    if _spends(offers, offer) and n_spent >= grant.samples:
        reason = f"{plan.name} was granted {grant.samples} samples, and {n_spent} are begun or awarded"
        return Beyond(code="over_budget", reason=reason)
    why = "" if body.needs_approval else _why_ask(plan, offer, n_spent)
    if not why:
        return None
    return Beyond(code="not_approved", reason=f"{plan.name} asks a person before this ({why}), and nobody was asked")


def _why_ask(plan: CampaignPlan, offer: Offer, n_spent: int) -> str:
    if offer.kind == "measure":
        return plan.autonomy.why_ask_to_measure(offer.measurement)
    return plan.autonomy.why_ask_to_make(offer.asked.values, n_spent)


def beyond_trouble(body: WorkAwarded, beyond: Beyond) -> Trouble:
    """What supervision tells of an award that lies beyond."""
    what = f"{body.work} was awarded to {body.bidder} beyond what its campaign may do: {beyond.reason}"
    return _trouble(what, {"code": beyond.code, "round": str(body.round), "reason of the award": body.reason[:500]})


def declined_trouble(body: AwardDeclined) -> Trouble | None:
    """What supervision tells of a decline that only the bidder can judge, which makes the recipe; None for others.

    These are awards outside its limits, and beyond what the budget still pays for.
    """
    if body.code not in ("outside_limits", "not_paid_for"):
        return None
    what = f"{body.work} was awarded to {body.bidder}, which declined it: {body.reason}"
    return _trouble(what, {"code": body.code, "round": str(body.round)})


def _trouble(what: str, evidence: dict[str, str]) -> Trouble:
    return Trouble(what=what[:2000], evidence=evidence, remedies=REMEDIES, default=REMEDIES[0])
