"""What entries of the log, guards and their reports say to people outside the laboratory."""

from datetime import datetime

from lab_agents.messages.course import CampaignFinished, Rearmed, StopRecorded, TicketClosed, TicketOpened
from lab_agents.messages.frames import GuardStatus, Logged, StopRequest
from lab_agents.notify.notice import Notice, make_notice
from lab_agents.records.ticket import Ticket
from lab_agents.stop_report import DRILL, StopReport

KINDS = ("TicketOpened", "TicketClosed", "StopRecorded", "Rearmed", "CampaignFinished")
"""Kinds of entries that are told."""


def tell_entry(logged: Logged, lab: str, state: str, at: datetime) -> Notice | None:
    """What an entry says, or None.

    Args:
        logged: The entry.
        lab: The laboratory.
        state: Its state folder, for the commands that people are given.
        at: Wall time.
    """
    body, place = logged.entry.record, logged.position
    match body:
        case TicketOpened(ticket=ticket):
            return make_notice(
                f"{logged.seal.log}/{place}", "tickets", lab, at, _ticket_title(ticket), ticket_text(ticket, state)
            )
        case TicketClosed(ticket=ticket, answer=answer, person=person, note=note):
            title = f"{ticket} is closed by {person}: {answer}"
            return make_notice(f"{logged.seal.log}/{place}", "tickets", lab, at, title, f"{title}\n{note}".rstrip())
        case StopRecorded(stop=stop, person=person, reason=reason, machine=machine):
            request = StopRequest(id=stop, at=at, person=person, reason=reason)
            return tell_stop(request, machine, lab, state, at)
        case Rearmed(stop=stop, person=person, reason=reason, machine=machine):
            title = f"{machine} is re-armed by {person}: {reason}"
            return make_notice(f"{stop}/{machine}/rearmed", "stops", lab, at, title, f"{title}\nIt was {stop}.")
        case CampaignFinished():
            counts = f"{body.n_made} made, {body.n_observed} concluded, {body.n_failed} failed"
            title = f"campaign {logged.entry.campaign} has finished: {counts}"
            text = f"{title}\n{body.reason}\nlab-agents report {state}"
            return make_notice(f"{logged.seal.log}/{place}", "campaigns", lab, at, title, text)
        case _:
            return None


def _ticket_title(ticket: Ticket) -> str:
    return f"{'STOPPED: ' if ticket.trouble.severity == 'stopped' else ''}{ticket.trouble.what}"


def ticket_text(ticket: Ticket, state: str) -> str:
    """A ticket with its evidence, ranked answers as commands, deadline and default."""
    trouble = ticket.trouble
    lines = [trouble.what, "", f"{ticket.id} about {ticket.subject}, raised by {ticket.raised_by}"]
    if trouble.evidence:
        lines += ["", "evidence", *(f"  {name}: {value}" for name, value in sorted(trouble.evidence.items()))]
    lines += ["", "answers, the best first" if trouble.remedies else "answer"]
    for answer in trouble.remedies or ("ANSWER",):
        lines.append(f'  lab-agents answer {ticket.id} "{answer}" --state {state}')
    until = "no deadline" if ticket.deadline is None else f"at {ticket.deadline:%Y-%m-%d %H:%M} UTC without an answer"
    lines += ["", f"{until}: {trouble.default}" if ticket.deadline else f"{until}; its default is: {trouble.default}"]
    return "\n".join(lines)


def tell_stop(stop: StopRequest, machine: str, lab: str, state: str, at: datetime) -> Notice:
    """A stop in force: told by the guard as soon as it latched, and by the log; both are one notice."""
    what = _word(stop.id)
    title = f"{what.upper()} of {machine} by {stop.person}: {stop.reason}"
    text = (
        f"{title}\nNothing that moves may start before somebody re-arms it, with a reason:\n"
        f"  lab-agents rearm {stop.id} --reason WHY --person YOU --state {state}\n"
        f"  lab-agents stops --state {state}"
    )
    return make_notice(f"{stop.id}/{machine}", "stops", lab, at, title, text)


def tell_guard(status: GuardStatus, lab: str, state: str, at: datetime) -> list[Notice]:
    """The stops in force on a machine."""
    return [tell_stop(stop, status.machine, lab, state, at) for stop in status.stops]


def tell_report(report: StopReport, lab: str, at: datetime) -> Notice:
    """What a stop did, once every instrument has an answer."""
    doubtful = sorted(name for name, one in report.instruments.items() if one.state.state != "safe at")
    verdict = f"NOT confirmed safe: {', '.join(doubtful)}" if doubtful else "every instrument is confirmed safe"
    title = f"{_word(report.stop.id)} of {report.machine}: {verdict}"
    ending = "unsafe" if doubtful else "safe"
    return make_notice(f"{report.stop.id}/{report.machine}/{ending}", "stops", lab, at, title, report.to_text())


def _word(stop: str) -> str:
    return "drill" if stop.startswith(DRILL) else "stop"
