"""A simulated person: answers tickets by their default, and approves awards, after a while of laboratory time.

A ticket that asks for a load is answered by doing it: the hands are a job, and what they counted is the answer.
"""

from datetime import timedelta

from pydantic import AwareDatetime, Field

from lab_agents.agents.behaviour import ALL_MATTER, AgentState, Draft, Job, JobOutcome, OnlyTold
from lab_agents.agents.supplies import LOADED, NOT_LOADED
from lab_agents.messages.commands import AnswerTicket, GiveApproval
from lab_agents.messages.course import AwardWithdrawn, CampaignFinished, TicketClosed, TicketOpened, WorkAwarded
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import LabChanged, LabOpened, Timer, TimerRang
from lab_agents.messages.work import AwardAccepted, AwardDeclined
from lab_agents.records.autonomy import may_approve
from lab_agents.records.base import FrozenMap, Identifier, Name, Record, with_item, without_item

DELAY = 600.0
"""Seconds of laboratory time before the person has come and answered; the agent's setting `delay` overrides it."""


class Errand(Record):
    """Something to answer, when, and with what: a ticket's answer, or the round of work to approve.

    `load` is the consumable or stock that a ticket wants loaded.
    """

    due: AwareDatetime
    campaign: str | None
    ticket: str | None = None
    answer: str = ""
    load: str | None = None
    work: str | None = None
    round: int = 0


class LoadArguments(Record):
    """What the hands load, and for which ticket: they do it once for each, however often they are told."""

    ticket: Identifier
    consumable: Name


class PersonState(AgentState):
    """What the person has still to answer, by ticket or work; `hands` is what they do, by ticket."""

    delay: float = DELAY
    errands: FrozenMap[str, Errand] = Field(default_factory=dict)
    hands: FrozenMap[str, Job] = Field(default_factory=dict)

    def jobs(self) -> tuple[Job, ...]:
        """What the hands have to do."""
        return tuple(self.hands.values())

    def timers(self) -> tuple[Timer, ...]:
        """When each answer is due."""
        return tuple(Timer(subject=s, purpose="answer", due=e.due) for s, e in self.errands.items())


class SimulatedPerson:
    """Stands for the people of a simulated laboratory."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of entries that concern the person."""
        return frozenset(
            {"LabOpened", "LabChanged", "TicketOpened", "TicketClosed", "WorkAwarded", "AwardWithdrawn"}
            | {"AwardAccepted", "AwardDeclined", "CampaignFinished", "AnswerTicket"}
        )

    @property
    def only_told(self) -> OnlyTold:
        """Nothing: it follows no more kinds than it acts on."""
        return ALL_MATTER

    def start(self) -> PersonState:
        """Nothing to answer."""
        return PersonState()

    def apply(self, state: PersonState, logged: Logged) -> PersonState:
        """The state after an entry: errands come, and go when they are done or no longer wanted."""
        body, errands, delay, hands = logged.entry.record, state.errands, state.delay, state.hands
        due = logged.entry.at + timedelta(seconds=delay)
        campaign = logged.entry.campaign
        match body:
            case LabOpened(laboratory=lab) | LabChanged(laboratory=lab):
                delay = float(lab.agents[self.name].settings.get("delay", DELAY)) if self.name in lab.agents else DELAY
            case TicketOpened(ticket=ticket):
                load = ticket.trouble.evidence.get("consumable") if LOADED in ticket.trouble.remedies else None
                errand = Errand(due=due, campaign=campaign, ticket=ticket.id, answer=ticket.trouble.default, load=load)
                errands = with_item(errands, ticket.id, errand)
            case WorkAwarded() if body.needs_approval and may_approve(self.name, body.approvers):
                errands = with_item(
                    errands, body.work, Errand(due=due, campaign=campaign, work=body.work, round=body.round)
                )
            case TicketClosed(ticket=ticket_id) | AnswerTicket(ticket=ticket_id):
                errands, hands = without_item(errands, ticket_id), without_item(hands, ticket_id)
            case AwardAccepted(work=work) | AwardDeclined(work=work) | AwardWithdrawn(work=work):
                errands = without_item(errands, work)
            case TimerRang() if logged.seal.source == self.name:
                rung = errands.get(logged.entry.subject)
                if rung is not None and rung.load is not None:
                    hands = with_item(hands, logged.entry.subject, _loading(rung, logged.position))
                errands = without_item(errands, logged.entry.subject)
            case CampaignFinished():
                errands = {s: e for s, e in errands.items() if e.work is None or e.campaign != campaign}
        return PersonState(delay=delay, errands=errands, hands=hands)

    def decide(self, before: PersonState, after: PersonState, logged: Logged) -> tuple[Draft, ...]:
        """The answer that is due."""
        body = logged.entry.record
        errand = before.errands.get(logged.entry.subject)
        if not isinstance(body, TimerRang) or logged.seal.source != self.name or errand is None or errand.load:
            return ()
        answer: Body
        if errand.ticket is not None:
            answer = AnswerTicket(ticket=errand.ticket, answer=errand.answer, person=self.name)
        else:
            answer = GiveApproval(work=errand.work or "", round=errand.round, person=self.name)
        return (Draft(body=answer, subject=logged.entry.subject, campaign=errand.campaign),)

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        """What was counted after loading; hands that could load nothing say so."""
        asked = LoadArguments.model_validate_json(job.arguments)
        answer, count, note = LOADED, float(outcome.answer) if outcome.ok else None, ""
        if count is None:
            answer, note = NOT_LOADED, outcome.error
        said = AnswerTicket(ticket=asked.ticket, answer=answer, person=self.name, count=count, note=note[:500])
        return (Draft(body=said, subject=job.subject, campaign=job.campaign),)


def _loading(errand: Errand, position: int) -> Job:
    ticket, consumable = errand.ticket or "", errand.load or ""
    return Job(
        id=f"{position}/load",
        cause=position,
        kind="load",
        name="load",
        campaign=errand.campaign,
        subject=ticket,
        arguments=LoadArguments(ticket=ticket, consumable=consumable).model_dump_json(),
    )
