"""What people are told of what happened, with what they can do."""

from datetime import UTC, datetime, timedelta

import pytest

from lab_agents.messages.course import CampaignFinished, Rearmed, StopRecorded, TicketClosed, TicketOpened
from lab_agents.messages.frames import GuardStatus, InstrumentState, StopRequest
from lab_agents.messages.life import TimerRang
from lab_agents.notify.telling import KINDS, tell_entry, tell_guard, tell_report
from lab_agents.records.ticket import Ticket, Trouble
from lab_agents.stop_report import InstrumentStop, StopReport
from tests.story import logged

AT = datetime(2026, 1, 1, tzinfo=UTC)
TROUBLE = Trouble(
    what="the lamp is cold",
    evidence={"temperature": "21 °C"},
    remedies=("try again", "discard"),
    default="discard",
)
STOP = StopRequest(id="stop-1", person="ada", reason="smoke", at=AT)


def told(body, **envelope):
    """The notice of an entry."""
    return tell_entry(logged(7, "supervision", body, **envelope), "lab", "/state", AT)


def test_a_ticket_is_told_with_evidence_ranked_answers_deadline_and_default():
    """Each answer is a command that can be copied."""
    ticket = Ticket(id="ticket-5", subject="opv-0001", raised_by="tester", trouble=TROUBLE, deadline=AT)
    notice = told(TicketOpened(ticket=ticket))
    assert (notice.about, notice.title) == ("tickets", "the lamp is cold")
    assert notice.text.splitlines() == [
        "the lamp is cold",
        "",
        "ticket-5 about opv-0001, raised by tester",
        "",
        "evidence",
        "  temperature: 21 °C",
        "",
        "answers, the best first",
        '  lab-agents answer ticket-5 "try again" --state /state',
        '  lab-agents answer ticket-5 "discard" --state /state',
        "",
        "at 2026-01-01 00:00 UTC without an answer: discard",
    ]
    waits = told(TicketOpened(ticket=ticket.model_copy(update={"deadline": None})))
    assert waits.text.endswith("no deadline; its default is: discard")
    grave = ticket.model_copy(update={"trouble": TROUBLE.model_copy(update={"severity": "stopped"})})
    assert told(TicketOpened(ticket=grave)).title == "STOPPED: the lamp is cold"


def test_a_stop_is_one_notice_whoever_tells_it_first():
    """The guard by the bus, or supervision by the log; another machine's is another one."""
    (heard,) = tell_guard(GuardStatus(machine="main", epoch=1, pid=2, stops=(STOP,)), "lab", "/state", AT)
    read = told(StopRecorded(stop="stop-1", person="ada", reason="smoke", machine="main"))
    assert heard == read
    assert heard.title == "STOP of main by ada: smoke"
    assert "lab-agents rearm stop-1 --reason WHY --person YOU --state /state" in heard.text
    other = told(StopRecorded(stop="stop-1", person="ada", reason="smoke", machine="annex"))
    assert other.id != read.id
    assert told(Rearmed(stop="stop-1", person="ada", reason="looked", machine="main")).about == "stops"


@pytest.mark.parametrize(("state", "verdict"), [("safe at", "every instrument is confirmed"), ("unreachable", "NOT")])
def test_the_report_of_a_stop_says_what_is_not_safe(state, verdict):
    """First with doubts, then without: two notices."""
    one = InstrumentStop(written_at=AT, state=InstrumentState(state=state, at=AT))
    times = {name: AT + timedelta(seconds=1) for name in ("heard_at", "latched_at", "killed_at")}
    report = StopReport(stop=STOP, machine="main", instruments={"lamp": one}, **times)
    notice = tell_report(report, "lab", AT)
    assert verdict in notice.title
    assert "lamp" in notice.text
    drill = report.model_copy(update={"stop": STOP.model_copy(update={"id": "drill-1"})})
    assert tell_report(drill, "lab", AT).title.startswith("drill of main")


def test_ends_are_told_and_everything_else_is_not():
    """Only these kinds are read at all."""
    closed = told(TicketClosed(ticket="ticket-5", answer="seen", person="ada", note="a cable"))
    assert closed.text == "ticket-5 is closed by ada: seen\na cable"
    finished = told(CampaignFinished(reason="spent", n_made=3, n_observed=2, n_failed=1))
    assert finished.title == "campaign opv has finished: 3 made, 2 concluded, 1 failed"
    assert told(TimerRang(purpose="window-1", due=AT)) is None
    assert "TimerRang" not in KINDS
