"""The planning agent: asks the planner, offers its candidates, awards the work, and asks again when a batch has ended.

How work is offered, and when it is offered again, stands in `offers`; how a window closes in `contests`; who gets the
work in `awards`. A bid that comes after its window closed counts while the work waits for a bidder. Bids that went out
of date while a campaign was paused are withdrawn (`AwardWithdrawn`), which opens the next round.
A candidate that every able bidder refused as infeasible is feasibility data of the next ask and costs no budget.
"""

from lab_agents.agents.approvals import find_objection, note_denials, say_denied, take_word
from lab_agents.agents.asking import (
    ask_next,
    awaits_payment,
    conclude_ask,
    find_end_of_means,
    follow_pursuit,
    note_refusals,
    note_unpaid,
    report_trouble,
)
from lab_agents.agents.awards import award_held
from lab_agents.agents.behaviour import ALL_MATTER, Draft, Job, JobOutcome, OnlyTold
from lab_agents.agents.causes import cause_of
from lab_agents.agents.choices import AwardRule
from lab_agents.agents.contests import Award, Contest, close_window, take_bid, take_refusal
from lab_agents.agents.fates import FATE_KINDS, follow_fates
from lab_agents.agents.offers import OFFER_KINDS, Offers, follow_offers
from lab_agents.agents.planning_state import PlanningState
from lab_agents.agents.redirecting import WITHDRAWN, redirect, say_redirected
from lab_agents.agents.settled import count_settled, settle, take_back
from lab_agents.messages.commands import DenyApproval, GiveApproval
from lab_agents.messages.course import (
    AgentDeclaredIn,
    AgentDeclaredOut,
    AmendmentAdmitted,
    AwardWithdrawn,
    CampaignFinished,
    WindowClosed,
    WorkAwarded,
)
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import AgentStarted, EntryRefused, LabChanged, LabOpened, TimerRang
from lab_agents.messages.work import (
    AwardAccepted,
    BidMade,
    BidRefused,
    ReservationRefused,
    ReservationReleased,
    SampleQuarantined,
)
from lab_agents.records.bid import Bid
from lab_agents.records.laboratory import Laboratory
from lab_agents.settings import DEFAULT, Settings

_UNANSWERED = "the award was not answered in time"


class Planning:
    """The one agent that plans."""

    def __init__(self, name: str, settings: Settings = DEFAULT) -> None:
        self.name, self._settings = name, settings

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of entries that concern planning."""
        return (
            OFFER_KINDS
            | FATE_KINDS
            | {"LabOpened", "LabChanged", "AgentStarted", "AgentDeclaredOut", "AgentDeclaredIn", "BudgetGranted"}
            | {"BidMade", "BidRefused", "GiveApproval", "DenyApproval", "ReservationRefused", "ReservationReleased"}
            | {"CampaignPaused", "CampaignResumed", "TicketClosed", "ConsumableUsed", "AmendmentAdmitted"}
        )

    @property
    def only_told(self) -> OnlyTold:
        """Nothing: it follows no more kinds than it acts on."""
        return ALL_MATTER

    def start(self) -> PlanningState:
        """No laboratory, no campaign."""
        return PlanningState(settings=self._settings)

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        """A proposal, an exhausted planner, or the trouble of asking."""
        return conclude_ask(job, outcome)

    def apply(self, state: PlanningState, logged: Logged) -> PlanningState:
        """The state after an entry: offers, contests, awards, and the next ask."""
        body, before = logged.entry.record, state.offers
        update: dict[str, object] = {"out": _follow_out(state.out, logged)}
        if isinstance(body, LabOpened | LabChanged):
            update["lab"] = body.laboratory
        after = follow_offers(before, logged)
        update |= {"offers": after, **_follow_samples(state, after, logged)}
        contests = _follow_contests(dict(state.contests), before, after, logged)
        state = state.model_copy(update=update | {"contests": contests})
        state = note_unpaid(redirect(follow_pursuit(state, logged, self.name), logged), logged)
        state = _close(_open(state, logged.position), logged, self.name)
        state = note_denials(note_refusals(state, logged.position), logged.position)
        return ask_next(find_end_of_means(_award(state, logged), logged), logged.position)

    def decide(self, before: PlanningState, after: PlanningState, logged: Logged) -> tuple[Draft, ...]:
        """Closed windows, awards, withdrawals, in the order of the awards; then trouble that a person must solve."""
        drafts: list[Draft] = []
        for _, contest in sorted(after.contests.items(), key=_turn):
            drafts.extend(_say(contest, logged))
        drafts.extend((*find_objection(before, logged), *say_redirected(before, logged)))
        if after.pursuit is not None:
            drafts.extend(report_trouble(after.pursuit, logged.position))
        return tuple(drafts)


def _follow_samples(state: PlanningState, after: Offers, logged: Logged) -> dict[str, object]:
    """Fates, those that are only counted any more, and the candidates of these: no planner proposes them again."""
    fates, settled = take_back(state.fates, state.settled, logged)
    fates, gone = settle(follow_fates(fates, state.offers, after, logged, state.lab))
    update: dict[str, object] = {"fates": fates, "settled": count_settled(settled, gone, logged)}
    if isinstance(logged.entry.record, CampaignFinished):
        return update | {"tried": {}}
    tried = {fate.sample: fate.candidate.model_dump_json() for fate in gone if not fate.is_control}
    return update | ({"tried": {**state.tried, **tried}} if tried else {})


def _follow_out(out: frozenset[str], logged: Logged) -> frozenset[str]:
    match logged.entry.record:
        case AgentDeclaredOut(agent=agent):
            return out | {agent}
        case AgentDeclaredIn(agent=agent) | AgentStarted(agent=agent):
            return out - {agent}
        case _:
            return out


def _follow_contests(contests: dict[str, Contest], before: Offers, after: Offers, logged: Logged) -> dict[str, Contest]:
    """Contests whose offer is gone are over, unless the offer was accepted: those end with the work."""
    body = logged.entry.record
    if isinstance(body, ReservationReleased | ReservationRefused | SampleQuarantined):
        contests.pop(body.work, None)
    is_taken = isinstance(body, AwardAccepted) and body.work in before.open and body.work not in after.open
    if isinstance(body, AwardAccepted) and is_taken and body.work in contests:
        contests[body.work] = contests[body.work].model_copy(update={"phase": "accepted", "taken_by": body.bidder})
    for work, contest in tuple(contests.items()):
        offer = after.open.get(work)
        if contest.phase != "accepted" and (offer is None or offer.round != contest.offer.round):
            del contests[work]
    return contests


def _open(state: PlanningState, position: int) -> PlanningState:
    """A contest for each round of work that this entry opened."""
    opened = {o.work: Contest(offer=o, asked=state.able(o)) for o in state.offers.opened_at(position)}
    return state.model_copy(update={"contests": {**state.contests, **opened}}) if opened else state


def _close(state: PlanningState, logged: Logged, me: str) -> PlanningState:
    """Take answers and timers, then close the windows for which nobody is waited any more."""
    contests = {}
    for work, contest in state.contests.items():
        taken = _lose(_take(contest, state.lab, logged), logged, me)
        rang = _rings(contest, logged, me, "window")
        if _rings(contest, logged, me, "accept") and taken.award is not None and taken.phase == "awarded":
            taken = _with_award(taken, taken.award, withdrawn=logged.position)
        contests[work] = close_window(taken, state.out, logged.position, rang=rang)
    return state.model_copy(update={"contests": contests})


def _take(contest: Contest, lab: Laboratory | None, logged: Logged) -> Contest:
    body, offer, award = logged.entry.record, contest.offer, contest.award
    match body:
        case BidMade() if body.bid.work == offer.work:
            return take_bid(contest, body.bid, logged.position, _cost(body.bid, lab))
        case BidRefused() if body.work == offer.work:
            return take_refusal(contest, body)
        case WorkAwarded() if award is not None and (body.work, body.round) == (offer.work, offer.round):
            bound = None if body.needs_approval else logged.position
            return _with_award(contest, award, position=logged.position, bound=bound)
        case GiveApproval() | DenyApproval():
            return take_word(contest, body, logged.position)
        case _:
            return contest


def _lose(contest: Contest, logged: Logged, me: str) -> Contest:
    """The contest after the recorder refused its award."""
    body, award = logged.entry.record, contest.award
    if not isinstance(body, EntryRefused) or body.source != me or award is None or award.position is not None:
        return contest
    is_lost = cause_of(body.refused_id) == award.since
    return _with_award(contest, award, withdrawn=logged.position) if is_lost else contest


def _with_award(contest: Contest, award: Award, **changes: object) -> Contest:
    return contest.model_copy(update={"award": award.model_copy(update=changes)})


def _rings(contest: Contest, logged: Logged, me: str, what: str) -> bool:
    body = logged.entry.record
    return (
        isinstance(body, TimerRang)
        and logged.seal.source == me
        and logged.entry.subject == contest.offer.work
        and body.purpose == f"{what}-{contest.offer.round}"
    )


def _cost(bid: Bid, lab: Laboratory | None) -> float:
    """The largest share of a declared stock that a bid would draw."""
    declared = {c.name: c.amount for c in lab.consumables} if lab is not None else {}
    shares = [amount / declared[name] for name, amount in bid.consumables.items() if declared.get(name, 0.0) > 0]
    return max(shares, default=0.0)


def _award(state: PlanningState, logged: Logged) -> PlanningState:
    """Award what may be awarded; bids that all went out of date are offered again."""
    pursuit, now = state.pursuit, logged.entry.at
    if pursuit is None or pursuit.is_paused:
        return state
    contests = {
        work: c.model_copy(update={"lapsed": logged.position})
        if c.phase == "held" and c.lapsed is None and all(b.valid_until < now for b in c.bids.values())
        else c
        for work, c in state.contests.items()
    }
    held = [c.offer for c in contests.values() if c.phase == "held" and c.lapsed is None]
    make, measure = [o.work for o in held if o.kind == "make"], [o.work for o in held if o.kind == "measure"]
    rule = AwardRule(
        now=now,
        position=logged.position,
        order=pursuit.plan.awards,
        autonomy=pursuit.plan.autonomy,
        n_begun=state.n_spent,
        turns=state.turns,
        out=state.out,
        purse=state.purse(now),
    )
    n_left = 0 if awaits_payment(pursuit, contests.values()) else max(0, pursuit.granted - state.n_spent)
    contests = award_held(contests, make, n_left, rule)
    return state.model_copy(update={"contests": award_held(contests, measure, len(measure), rule)})


def _turn(item: tuple[str, Contest]) -> tuple[int, str]:
    """The order in which one entry's awards are said: bidders begin them in that order."""
    work, contest = item
    return (0 if contest.award is None else contest.award.turn), work


def _say(contest: Contest, logged: Logged) -> tuple[Draft, ...]:
    """What this entry changed in a contest, as entries."""
    offer, award, position = contest.offer, contest.award, logged.position
    wants_other = isinstance(logged.entry.record, AmendmentAdmitted)
    bodies: list[WindowClosed | WorkAwarded | AwardWithdrawn] = []
    if contest.closed == position:
        bodies.append(
            WindowClosed(
                work=offer.work,
                round=offer.round,
                bidders=tuple(sorted(contest.bids)),
                refused=tuple(sorted(contest.refusals)),
                silent=tuple(sorted(contest.silent)),
            )
        )
    if award is not None and award.since == position:
        bodies.append(
            WorkAwarded(
                work=offer.work,
                round=offer.round,
                bidder=award.bidder,
                bid=award.bid,
                score=award.score,
                reason=award.reason,
                needs_approval=award.needs_approval,
                asked_because=award.asked_because,
                approvers=award.approvers,
            )
        )
    if award is not None and award.withdrawn == position:
        why = WITHDRAWN if wants_other else _UNANSWERED
        bodies.append(say_denied(contest, award) or _withdrawal(contest, award.bidder, why))
    if contest.lapsed == position:
        why = WITHDRAWN if wants_other else "its bids went out of date before it could be awarded"
        bodies.append(_withdrawal(contest, min(contest.bids, default=contest.asked[0]), why))
    return tuple(Draft(body=b, subject=offer.sample, campaign=offer.campaign) for b in bodies)


def _withdrawal(contest: Contest, bidder: str, reason: str) -> AwardWithdrawn:
    return AwardWithdrawn(work=contest.offer.work, round=contest.offer.round, bidder=bidder, reason=reason)
