"""Troubles that wait for a person: opened once, answered once, by one of their remedies or by their default.

A ticket has a deadline, in wall time, where nobody but a real person would answer it and its default does no harm. The
instant derives from when the trouble was recorded, so that a restart does not put it off.
"""

from datetime import datetime, timedelta

from pydantic import Field

from lab_agents.agents.drift_troubles import GO_ON
from lab_agents.agents.supplies import LOADED, NOT_LOADED
from lab_agents.messages.commands import AnswerTicket
from lab_agents.records.base import FrozenMap, Identifier, Record, with_item, without_item
from lab_agents.records.ticket import Ticket, Trouble

HARMLESS = frozenset({"seen", "close the campaign", "discard", NOT_LOADED, GO_ON})
"""Defaults that are taken when a deadline passes: they move nothing, and use nothing that is in doubt. Others (`clear`
drives a robot to where something may stand) are for who looks; their tickets wait."""


class OpenTicket(Record):
    """A ticket with the campaign it belongs to and the entry that raised it."""

    ticket: Ticket
    campaign: str | None
    since: int


class Tickets(Record):
    """Open tickets by id. `answered` are those that the entry at `since` answered, or brought to an end."""

    open: FrozenMap[Identifier, OpenTicket] = Field(default_factory=dict)
    answered: tuple[OpenTicket, ...] = ()
    since: int = 0


def find_deadline(trouble: Trouble, recorded_at: datetime, hours: float | None) -> datetime | None:
    """When the default of a trouble is taken without an answer: `hours` after it was recorded, or never."""
    if hours is None or trouble.default not in HARMLESS:
        return None
    return recorded_at + timedelta(hours=hours)


def ticket_at(position: int) -> Identifier:
    """The id of the ticket that the entry at `position` raised."""
    return f"ticket-{position}"


def raise_ticket(
    tickets: Tickets,
    trouble: Trouble,
    *,
    subject: str,
    raised_by: str,
    campaign: str | None,
    position: int,
    deadline: datetime | None = None,
) -> Tickets:
    """The tickets after a trouble was met; a note is no ticket, and the same trouble of one subject is one ticket."""
    is_known = any(o.ticket.subject == subject and o.ticket.trouble.what == trouble.what for o in tickets.open.values())
    if trouble.severity == "note" or is_known:
        return tickets
    ticket = Ticket(id=ticket_at(position), subject=subject, raised_by=raised_by, trouble=trouble, deadline=deadline)
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
    if (answer.answer == LOADED) != (answer.count is not None):
        return f"{answer.ticket}: a count goes with the answer {LOADED!r}, and only with it; add or leave out --count"
    return None


def take_answer(tickets: Tickets, answer: AnswerTicket, position: int) -> Tickets:
    """The tickets after an answer."""
    if find_objection(tickets, answer) is not None:
        return tickets
    return close_ticket(tickets, answer.ticket, position)


def close_ticket(tickets: Tickets, ticket: str, position: int) -> Tickets:
    """The tickets after one got its answer, its default at the deadline, or its trouble ended; only if it is open."""
    if ticket not in tickets.open:
        return tickets
    earlier = tickets.answered if tickets.since == position else ()
    left = without_item(tickets.open, ticket)
    return Tickets(open=left, answered=(*earlier, tickets.open[ticket]), since=position)
