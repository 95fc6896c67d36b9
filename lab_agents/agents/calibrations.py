"""What a station says of its instrument's calibration: that it was made, once the person who was asked has said so.

A standard that is out of control opens a ticket about its instrument. The station that owns the instrument follows the
ticket, and enters `CalibrationMade` when its answer is that the instrument was calibrated.
"""

from collections.abc import Collection

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.drift_troubles import CALIBRATED
from lab_agents.messages.course import TicketClosed, TicketOpened
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import CalibrationMade
from lab_agents.records.base import FrozenMap, with_item, without_item
from lab_agents.records.control import is_control

CALIBRATION_KINDS = frozenset({"TicketOpened", "TicketClosed"})

Asked = FrozenMap[str, str]
"""Open tickets about standards: the instrument that each is about."""


def follow_calibrations(asked: Asked, logged: Logged, instruments: Collection[str]) -> Asked:
    """The open tickets about standards on these instruments after an entry."""
    body = logged.entry.record
    if isinstance(body, TicketClosed) and body.ticket in asked:
        return without_item(asked, body.ticket)
    if not isinstance(body, TicketOpened) or CALIBRATED not in body.ticket.trouble.remedies:
        return asked
    evidence = body.ticket.trouble.evidence
    instrument = evidence.get("instrument", "")
    is_ours = instrument in instruments and not is_control(evidence.get("control", ""))
    return with_item(asked, body.ticket.id, instrument) if is_ours else asked


def say_calibrated(before: Asked, logged: Logged) -> tuple[Draft, ...]:
    """That an instrument was calibrated, if this entry is the answer that says so."""
    body = logged.entry.record
    if not isinstance(body, TicketClosed) or body.answer != CALIBRATED or body.ticket not in before:
        return ()
    instrument = before[body.ticket]
    made = CalibrationMade(instrument=instrument, constants={})
    return (Draft(body=made, subject=instrument, campaign=logged.entry.campaign),)
