"""Troubles that wait for a person: opened once, answered once, by one of their remedies or by their default."""

from pydantic import Field

from lab_agents.messages.commands import AnswerTicket
from lab_agents.records.base import FrozenMap, Identifier, Record, with_item, without_item
from lab_agents.records.ticket import Ticket, Trouble


class OpenTicket(Record):
    """A ticket with the campaign it belongs to and the entry that raised it."""

    ticket: Ticket
    campaign: str | None
    since: int


class Tickets(Record):
    """Open tickets by id. `answered` is the one that the entry at `since` answered."""

    open: FrozenMap[Identifier, OpenTicket] = Field(default_factory=dict)
    answered: OpenTicket | None = None
    since: int = 0


def raise_ticket(
    tickets: Tickets, trouble: Trouble, *, subject: str, raised_by: str, campaign: str | None, position: int
) -> Tickets:
    """The tickets after a trouble was met; a note is no ticket, and the same trouble of one subject is one ticket."""
    is_known = any(o.ticket.subject == subject and o.ticket.trouble.what == trouble.what for o in tickets.open.values())
    if trouble.severity == "note" or is_known:
        return tickets
    ticket = Ticket(id=f"ticket-{position}", subject=subject, raised_by=raised_by, trouble=trouble)
    opened = OpenTicket(ticket=ticket, campaign=campaign, since=position)
    return tickets.model_copy(update={"open": with_item(tickets.open, ticket.id, opened)})


def find_objection(tickets: Tickets, answer: AnswerTicket) -> str | None:
    """Why an answer does not count, or None."""
    opened = tickets.open.get(answer.ticket)
    if opened is None:
        return f"There is no open ticket {answer.ticket}; it may have been answered already"
    trouble = opened.ticket.trouble
    known = dict.fromkeys((*trouble.remedies, trouble.default))
    if answer.answer not in known:
        return f"{answer.ticket} cannot be answered with {answer.answer!r}; its answers are {', '.join(known)}"
    return None


def take_answer(tickets: Tickets, answer: AnswerTicket, position: int) -> Tickets:
    """The tickets after an answer."""
    if find_objection(tickets, answer) is not None:
        return tickets
    answered = tickets.open[answer.ticket]
    left = without_item(tickets.open, answer.ticket)
    return Tickets(open=left, answered=answered, since=position)
