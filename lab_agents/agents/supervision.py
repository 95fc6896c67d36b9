"""Supervision: starts and ends campaigns, grants budgets, makes tickets of troubles, enters what guards report.

One campaign is open at a time. It closes when its budget of samples or hours is spent, its planner is exhausted, a
person aborts it or answers a ticket so; it is finished when `SupervisionState.left` names nothing any more.
What supervision meets outside the log (silent agents, guards' reports) comes in through `senses`.
"""

from lab_agents.agents.amending import find_refusal, follow_amendments, say_admitted
from lab_agents.agents.behaviour import ALL_MATTER, Draft, Job, JobOutcome, OnlyTold
from lab_agents.agents.campaigns import finish, follow_campaign, name_plan, say_campaign
from lab_agents.agents.clearing import ANSWERS, PREFIX
from lab_agents.agents.drift import DRIFT_KINDS, find_unknown, follow_drift, is_asked
from lab_agents.agents.drift_troubles import drift_trouble
from lab_agents.agents.drills import drill_trouble, follow_drills, is_overdue
from lab_agents.agents.fates import FATE_KINDS, follow_fates
from lab_agents.agents.grants import beyond_trouble, declined_trouble, find_beyond, follow_grants
from lab_agents.agents.offers import OFFER_KINDS, follow_offers
from lab_agents.agents.settled import count_settled, settle, take_back
from lab_agents.agents.stalls import STALL_KINDS, find_overdue, follow_stalls, stall_trouble, told_of_ended
from lab_agents.agents.stillness import STILL, STILL_KINDS, follow_stillness, still_trouble
from lab_agents.agents.supervision_state import DEADLINE, SupervisionState
from lab_agents.agents.tickets import close_ticket, find_deadline, find_objection, raise_ticket, take_answer, ticket_at
from lab_agents.messages.commands import AmendWork, AnswerTicket, RetractObservation, StartCampaign
from lab_agents.messages.course import (
    AgentDeclaredIn,
    AgentDeclaredOut,
    ControlJudged,
    Rearmed,
    StopRecorded,
    TicketClosed,
    TicketOpened,
    WorkAwarded,
)
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import AgentStarted, EntryRefused, LabChanged, LabOpened, TimerRang, TroubleMet
from lab_agents.messages.work import (
    AwardAccepted,
    AwardDeclined,
    ReservationRefused,
    ReservationReleased,
    ReservationRequested,
    SampleQuarantined,
)
from lab_agents.records.base import FrozenMap, with_item, without_item
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.ticket import Ticket, Trouble

TICKET_HOURS = 24.0
"""Hours of wall time after which a ticket that nobody answered gets its default: somebody looks once a day. The agent's
setting `ticket_hours` overrides it; 0 waits for ever."""
NOBODY = "nobody"
"""Who stands in the log for an answer that was taken by default."""
ENDED = "what it told of has ended"
REMEMBERED = 64
"""Stops and re-arms kept for each machine: more than a guard's status repeats."""


class Supervision:
    """The one agent that supervises."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of entries that concern supervision."""
        return (
            OFFER_KINDS
            | FATE_KINDS
            | DRIFT_KINDS
            | STALL_KINDS
            | STILL_KINDS
            | {"LabOpened", "LabChanged", "AgentStarted", "EntryRefused"}
            | {"ReservationRequested", "ReservationRefused", "ReservationReleased"}
            | {"StartCampaign", "AbortCampaign", "PauseCampaign", "ResumeCampaign", "AnswerTicket", "PlannerExhausted"}
            | {"BudgetGranted", "BudgetSpent", "ConsumableUsed", "AmendWork"}
        )

    @property
    def only_told(self) -> OnlyTold:
        """Nothing: it follows no more kinds than it acts on."""
        return ALL_MATTER

    def start(self) -> SupervisionState:
        """No laboratory, no campaign."""
        return SupervisionState()

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        """Supervision runs no jobs."""
        del job, outcome
        return ()

    def apply(self, state: SupervisionState, logged: Logged) -> SupervisionState:
        """The state after an entry: samples and work, tickets, the campaign, and whether it is finished."""
        before = state.offers
        after = follow_offers(before, logged)
        fates, settled = take_back(state.fates, state.settled, logged)
        fates, gone = settle(follow_fates(fates, before, after, logged, state.lab))
        update = {"offers": after, "fates": fates, "settled": count_settled(settled, gone, logged)}
        update["grants"] = follow_grants(state.grants, before, logged)
        update["drift"] = follow_drift(state.drift, logged)
        state = _follow_work(state, logged, is_taken=_is_taken(state, logged))
        state = _follow_agents(state.model_copy(update=update), logged)
        state = self._follow_moves(follow_amendments(self._follow_tickets(state, logged), logged), logged)
        return finish(follow_campaign(state, logged, self.name), logged.position)

    def _follow_moves(self, state: SupervisionState, logged: Logged) -> SupervisionState:
        """What is under way, and when something last moved: after the tickets, which look at both as they were.

        What lasted too long and has ended, a standstill that has, and an overdue drill that was held need nobody any
        more: their tickets end.
        """
        stillness = follow_stillness(state.stillness, logged)
        if state.tickets.since == logged.position:
            # While a person was asked nothing was to move; who has seen a standstill need not see it twice.
            stillness = stillness.model_copy(update={"moved_at": logged.entry.at})
        elif self._is_still(state, logged) and any(o.since == logged.position for o in state.tickets.open.values()):
            stillness = stillness.model_copy(update={"told": logged.position})
        stalls, tickets = follow_stalls(state.stalls, logged, state.lab, self.name), state.tickets
        drills = follow_drills(state.drills, logged, state.lab, self.name)
        ended = [before.told for before, now in ((state.stillness, stillness), (state.drills, drills)) if not now.told]
        for told in (*told_of_ended(state.stalls, stalls), *ended):
            tickets = close_ticket(tickets, ticket_at(told), logged.position)
        return state.model_copy(update={"stalls": stalls, "stillness": stillness, "drills": drills, "tickets": tickets})

    def _is_still(self, state: SupervisionState, logged: Logged) -> bool:
        """Whether an own timer says that nothing has moved since the last entry that did."""
        body = logged.entry.record
        if not isinstance(body, TimerRang) or body.purpose != STILL or logged.seal.source != self.name:
            return False
        return body.due == state.stillness.due(state.quiet_minutes)

    def _trouble_in(self, state: SupervisionState, logged: Logged) -> tuple[Trouble, str | None] | None:
        """The trouble of this entry, and its campaign."""
        trouble = _trouble_in(state, logged)
        return self._stall(state, logged) if trouble is None else (trouble, logged.entry.campaign)

    def _stall(self, state: SupervisionState, logged: Logged) -> tuple[Trouble, str | None] | None:
        """What an own timer says lasts too long, with its campaign; None for what has ended meanwhile."""
        if state.lab is not None and is_overdue(state.drills, logged, state.lab, self.name):
            return drill_trouble(state.drills, state.lab), None
        late = find_overdue(state.stalls, logged, self.name)
        if late is not None:
            return stall_trouble(late), late.campaign
        if not self._is_still(state, logged) or not state.stands_still():
            return None
        name = logged.entry.subject
        return still_trouble(name, state.quiet_minutes, state.waiting()), name

    def _follow_tickets(self, state: SupervisionState, logged: Logged) -> SupervisionState:
        body, tickets = logged.entry.record, state.tickets
        if isinstance(body, AnswerTicket):
            tickets = take_answer(tickets, body, logged.position)
        elif self._is_deadline(logged):
            tickets = close_ticket(tickets, logged.entry.subject, logged.position)
        elif (met := self._trouble_in(state, logged)) is not None:
            trouble, campaign = met
            subject = body.source if isinstance(body, EntryRefused) else logged.entry.subject
            source = body.source if isinstance(body, EntryRefused) else logged.seal.source
            tickets = raise_ticket(
                tickets,
                trouble,
                subject=subject,
                raised_by=source,
                campaign=campaign,
                position=logged.position,
                deadline=find_deadline(trouble, logged.seal.recorded_at, _ticket_hours(state.lab, self.name)),
            )
        return state.model_copy(update={"tickets": tickets})

    def _is_deadline(self, logged: Logged) -> bool:
        body = logged.entry.record
        return isinstance(body, TimerRang) and body.purpose == DEADLINE and logged.seal.source == self.name

    def decide(self, before: SupervisionState, after: SupervisionState, logged: Logged) -> tuple[Draft, ...]:
        """Commands that cannot be obeyed, tickets, then the campaign's own course."""
        return (
            *_objections(before, logged),
            *say_admitted(before, logged),
            *_say_drift(after, logged),
            *_say_tickets(after, logged),
            *say_campaign(before, after, logged),
        )


def _is_taken(state: SupervisionState, logged: Logged) -> bool:
    body = logged.entry.record
    if not isinstance(body, AwardAccepted):
        return False
    offer = state.offers.open.get(body.work)
    return offer is not None and (offer.round, offer.awarded) == (body.round, body.bidder)


def _follow_work(state: SupervisionState, logged: Logged, *, is_taken: bool) -> SupervisionState:
    """Accepted work until it has given its places back; samples that nobody can find until a person says."""
    match logged.entry.record:
        case AwardAccepted(work=work) if is_taken:
            return state.model_copy(update={"accepted": state.accepted | {work}})
        case ReservationRequested(work=work):
            return state.model_copy(update={"accepted": state.accepted | {work}})
        case ReservationReleased(work=work) | ReservationRefused(work=work):
            found = logged.entry.subject if work.startswith(PREFIX) else ""
            lost = without_item(state.lost, found)
            return state.model_copy(update={"accepted": state.accepted - {work}, "lost": lost})
        case SampleQuarantined(sample=sample, places=places) if places:
            return state.model_copy(update={"lost": with_item(state.lost, sample, places)})
        case TicketClosed(answer=answer):
            return _settle_lost(state, logged.entry.subject, answer)
        case _:
            return state


def _settle_lost(state: SupervisionState, sample: str, answer: str) -> SupervisionState:
    """A lost sample is put away once a person took it or knows it in a buffer place; else the service clears it."""
    places = state.lost.get(sample)
    if places is None or answer not in ANSWERS:
        return state
    buffers = {p.name for p in state.lab.all_places if p.is_buffer} if state.lab is not None else set()
    is_gone = answer == "discard" or (answer == "not done" and len(places) == 1)
    stands = places[-1] if answer == "done" else places[0]
    is_away = all(p in buffers for p in places) if answer == "clear" else stands in buffers
    return state.model_copy(update={"lost": without_item(state.lost, sample)}) if is_gone or is_away else state


def _follow_agents(state: SupervisionState, logged: Logged) -> SupervisionState:
    """Who is out, since when each agent is known as it is, which stops and re-arms are entered."""
    match logged.entry.record:
        case LabOpened(laboratory=lab) | LabChanged(laboratory=lab):
            return state.model_copy(update={"lab": lab})
        case AgentDeclaredOut(agent=agent):
            known = with_item(state.known, agent, logged.position)
            return state.model_copy(update={"out": state.out | {agent}, "known": known})
        case AgentDeclaredIn(agent=agent):
            known = with_item(state.known, agent, logged.position)
            return state.model_copy(update={"out": state.out - {agent}, "known": known})
        case AgentStarted(agent=agent):
            return state.model_copy(update={"known": with_item(state.known, agent, logged.position)})
        case StopRecorded(machine=machine, stop=stop):
            return state.model_copy(update={"stops": _remember(state.stops, machine, stop)})
        case Rearmed(machine=machine, stop=stop):
            return state.model_copy(update={"rearms": _remember(state.rearms, machine, stop)})
        case _:
            return state


def _remember(known: FrozenMap[str, tuple[str, ...]], machine: str, stop: str) -> FrozenMap[str, tuple[str, ...]]:
    return with_item(known, machine, (*known.get(machine, ()), stop)[-REMEMBERED:])


def _ticket_hours(lab: Laboratory | None, me: str) -> float | None:
    """How long a ticket waits; for ever where a simulated person answers it in laboratory time."""
    if lab is None or lab.agents_of("person"):
        return None
    declared = lab.agents[me].settings.get("ticket_hours", TICKET_HOURS) if me in lab.agents else TICKET_HOURS
    return float(declared) or None


def _trouble_in(state: SupervisionState, logged: Logged) -> Trouble | None:
    """The trouble of this entry, also where the refused source is nobody who could report it."""
    body = logged.entry.record
    match body:
        case TroubleMet(trouble=trouble):
            return trouble
        case ControlJudged():
            return None if is_asked(state.drift, body) else drift_trouble(body)
        case WorkAwarded():
            # The award itself changes nothing of what it is judged by, so it may be judged after it.
            beyond = find_beyond(state.grants, state.offers, body)
            return None if beyond is None else beyond_trouble(body, beyond)
        case AwardDeclined():
            return declined_trouble(body)
        case AgentDeclaredOut(agent=agent, reason=reason):
            return Trouble(what=f"{agent} is declared out: {reason}"[:2000], remedies=("seen",), default="seen")
        case EntryRefused() if state.lab is None or body.source not in state.lab.agents:
            return Trouble(
                what=f"A frame of {body.source}, sequence {body.sequence}, was refused: {body.reason}"[:2000],
                evidence={"raw": body.raw},
                remedies=("seen",),
                default="seen",
            )
        case _:
            return None


def _objections(before: SupervisionState, logged: Logged) -> tuple[Draft, ...]:
    """Why a command is not obeyed, as a note: `lab-agents` shows it to whoever gave the command."""
    body = logged.entry.record
    reason, subject = None, logged.entry.subject
    if isinstance(body, AnswerTicket):
        reason = find_objection(before.tickets, body)
    elif isinstance(body, RetractObservation):
        reason = find_unknown(before.drift, body)
    elif isinstance(body, AmendWork):
        reason = find_refusal(before, body)
    elif isinstance(body, StartCampaign):
        named = name_plan(before, body.plan)
        reason = named if isinstance(named, str) else None
    if reason is None:
        return ()
    trouble = Trouble(what=reason[:2000], severity="note")
    return (Draft(body=TroubleMet(trouble=trouble, position=logged.position), subject=subject),)


def _say_drift(after: SupervisionState, logged: Logged) -> tuple[Draft, ...]:
    """Verdicts on control films and standards, each with what no longer counts because of it."""
    drift, campaign = after.drift, after.campaign
    if drift.at != logged.position or campaign is None:
        return ()
    return tuple(Draft(body=b, subject=b.sample, campaign=campaign.plan.name) for b in drift.said)


def _say_tickets(after: SupervisionState, logged: Logged) -> tuple[Draft, ...]:
    body, tickets = logged.entry.record, after.tickets
    drafts = [
        Draft(body=TicketOpened(ticket=o.ticket), subject=o.ticket.subject, campaign=o.campaign)
        for o in tickets.open.values()
        if o.since == logged.position
    ]
    for answered in tickets.answered if tickets.since == logged.position else ():
        closed = _closed(answered.ticket, body)
        drafts.append(Draft(body=closed, subject=answered.ticket.subject, campaign=answered.campaign))
    return tuple(drafts)


def _closed(ticket: Ticket, body: Body) -> TicketClosed:
    """The end of a ticket: what a person answered, or what is taken without an answer; also when the trouble ended."""
    if isinstance(body, AnswerTicket):
        return TicketClosed(ticket=ticket.id, answer=body.answer, person=body.person, note=body.note, count=body.count)
    note = ENDED
    if isinstance(body, TimerRang):
        note = f"nobody answered until {ticket.deadline:%Y-%m-%d %H:%M} UTC" if ticket.deadline else ""
    return TicketClosed(ticket=ticket.id, answer=ticket.trouble.default, person=NOBODY, note=note)
