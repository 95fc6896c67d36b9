"""Tickets."""

from datetime import UTC, datetime, timedelta

import pytest

from lab_agents.agents.tickets import (
    Tickets,
    close_ticket,
    find_deadline,
    find_objection,
    raise_ticket,
    take_answer,
)
from lab_agents.messages.commands import AnswerTicket
from lab_agents.records.ticket import Trouble

TROUBLE = Trouble(what="the lamp is dark", remedies=("seen", "retry"), default="retry")


NONE = Tickets()


def raised(tickets: Tickets = NONE, trouble: Trouble = TROUBLE, position: int = 7, subject: str = "s") -> Tickets:
    """The tickets after one trouble."""
    return raise_ticket(tickets, trouble, subject=subject, raised_by="tester", campaign="opv", position=position)


def answer(said: str, ticket: str = "ticket-7") -> AnswerTicket:
    """A person's answer."""
    return AnswerTicket(ticket=ticket, answer=said, person="ada")


def test_a_count_goes_with_a_load_and_with_nothing_else():
    trouble = Trouble(what="tips run low", remedies=("loaded", "not loaded"), default="not loaded")
    counted = answer("loaded").model_copy(update={"count": 96.0})
    assert find_objection(raised(trouble=trouble), counted) is None
    assert "add or leave out --count" in (find_objection(raised(trouble=trouble), answer("loaded")) or "")
    miscounted = answer("not loaded").model_copy(update={"count": 96.0})
    assert "a count goes with" in (find_objection(raised(trouble=trouble), miscounted) or "")


def test_a_trouble_is_one_ticket_however_often_it_is_met():
    tickets = raised(raised(), position=8)
    assert set(tickets.open) == {"ticket-7"}
    assert set(raised(tickets, position=9, subject="other").open) == {"ticket-7", "ticket-9"}


def test_a_note_is_no_ticket():
    assert raised(trouble=TROUBLE.model_copy(update={"severity": "note"})).open == {}


def test_a_ticket_is_answered_by_a_remedy_or_the_default():
    for said in ("seen", "retry"):
        assert find_objection(raised(), answer(said)) is None
        tickets = take_answer(raised(), answer(said), 9)
        assert tickets.open == {}
        assert ([one.ticket.id for one in tickets.answered], tickets.since) == (["ticket-7"], 9)


def test_another_answer_names_those_that_count():
    objection = find_objection(raised(), answer("dance"))
    assert objection == "ticket-7 cannot be answered with 'dance'; its answers are seen, retry"
    assert take_answer(raised(), answer("dance"), 9) == raised()


def test_a_ticket_is_answered_once():
    tickets = take_answer(raised(), answer("seen"), 9)
    assert "no open ticket ticket-7" in (find_objection(tickets, answer("seen")) or "")


@pytest.mark.parametrize(
    ("default", "is_taken"),
    [("seen", True), ("close the campaign", True), ("discard", True), ("clear", False), ("hold", False)],
)
def test_a_default_that_moves_nothing_is_taken_in_time_and_another_never(default, is_taken):
    """What drives a robot to where something may stand is for who looks."""
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    deadline = find_deadline(TROUBLE.model_copy(update={"default": default}), at, 24.0)
    assert deadline == (at + timedelta(days=1) if is_taken else None)
    assert find_deadline(TROUBLE.model_copy(update={"default": default}), at, None) is None


def test_one_entry_may_end_several_tickets_and_the_next_entry_ends_its_own():
    both = raised(raised(), position=8, subject="other")
    ended = close_ticket(close_ticket(both, "ticket-7", 9), "ticket-8", 9)
    assert [one.ticket.id for one in ended.answered] == ["ticket-7", "ticket-8"]
    third = raised(ended, position=10)
    assert [one.ticket.id for one in close_ticket(third, "ticket-10", 11).answered] == ["ticket-10"]


def test_a_ticket_that_is_closed_is_closed_once():
    closed = close_ticket(raised(), "ticket-7", 9)
    assert (closed.open, closed.since) == ({}, 9)
    assert close_ticket(closed, "ticket-7", 10) == closed
