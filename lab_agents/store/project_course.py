"""Filling the tables of a campaign's course: campaigns, proposals, observations, models, tickets."""

from typing import Any

from sqlalchemy.engine import Connection

from lab_agents.messages.course import (
    BudgetGranted,
    CampaignClosing,
    CampaignFinished,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    ModelTrained,
    ObservationMade,
    ObservationRetracted,
    ProposalMade,
    TicketClosed,
    TicketOpened,
)
from lab_agents.messages.frames import Logged
from lab_agents.store.columns import change, put, table_of, to_json_column
from lab_agents.store.projection_tables import CampaignRow, ModelRow, ObservationRow, ProposalRow, TicketRow

CAMPAIGN, PROPOSAL, OBSERVATION = table_of(CampaignRow), table_of(ProposalRow), table_of(ObservationRow)
MODEL, TICKET = table_of(ModelRow), table_of(TicketRow)


def fill_campaign(connection: Connection, logged: Logged) -> None:
    """A campaign's row: made when it starts, changed by what supervision says of it; a closing one stays closing."""
    entry = logged.entry
    key: dict[str, Any] = {"campaign": entry.campaign}
    match entry.record:
        case CampaignStarted(plan=plan):
            values: dict[str, Any] = {"content": plan.content, "state": "running", "reason": "", "granted": 0}
            values |= {"position": logged.position, "started_at": entry.at, "ended_at": None}
            put(
                connection, CAMPAIGN, values | {"campaign": entry.campaign or plan.name, "record": to_json_column(plan)}
            )
            return
        case BudgetGranted(samples=samples):
            values = {"granted": samples}
        case CampaignPaused(reason=reason):
            key, values = key | {"state": "running"}, {"state": "paused", "reason": reason}
        case CampaignResumed(reason=reason):
            key, values = key | {"state": "paused"}, {"state": "running", "reason": reason}
        case CampaignClosing(reason=reason):
            values = {"state": "closing", "reason": reason}
        case CampaignFinished(reason=reason):
            values = {"state": "finished", "reason": reason, "ended_at": entry.at}
        case _:
            return
    change(connection, CAMPAIGN, key, values)


def fill_proposal(connection: Connection, logged: Logged) -> None:
    """One row per proposal."""
    entry = logged.entry
    if isinstance(entry.record, ProposalMade):
        proposal = entry.record.proposal
        values: dict[str, Any] = {
            "position": logged.position,
            "campaign": entry.campaign,
            "at": entry.at,
            "number": proposal.number,
        }
        values |= {"planner": proposal.planner, "inputs": proposal.inputs, "model": proposal.model}
        put(connection, PROPOSAL, values | {"record": to_json_column(proposal)})


def fill_observation(connection: Connection, logged: Logged) -> None:
    """One row per observation; a retraction marks every one of its sample and measurement."""
    entry = logged.entry
    match entry.record:
        case ObservationMade(observation=observation):
            values: dict[str, Any] = {
                "position": logged.position,
                "campaign": entry.campaign,
                "at": entry.at,
                "retracted": None,
            }
            values |= {name: getattr(observation, name) for name in ("sample", "measurement", "property", "value")}
            values |= {"deviation": observation.deviation, "record": to_json_column(observation)}
            put(connection, OBSERVATION, values)
        case ObservationRetracted(sample=sample, measurement=measurement, reason=reason):
            mine = {"sample": sample, "measurement": measurement}
            change(connection, OBSERVATION, mine, {"retracted": reason})


def fill_model(connection: Connection, logged: Logged) -> None:
    """One row per trained model."""
    entry = logged.entry
    if isinstance(entry.record, ModelTrained):
        model = entry.record.model
        values: dict[str, Any] = {"position": logged.position, "campaign": entry.campaign, "at": entry.at}
        values |= {"checkpoint": model.checkpoint, "fingerprint": model.fingerprint, "held_out": model.held_out}
        put(connection, MODEL, values | {"n_observations": model.n_observations, "record": to_json_column(model)})


def fill_ticket(connection: Connection, logged: Logged) -> None:
    """One row per ticket; an answer closes it."""
    entry = logged.entry
    match entry.record:
        case TicketOpened(ticket=ticket):
            values: dict[str, Any] = {"ticket": ticket.id, "position": logged.position, "campaign": entry.campaign}
            values |= {"subject": ticket.subject, "severity": ticket.trouble.severity, "opened_at": entry.at}
            values |= {"closed_at": None, "answer": None, "person": None, "record": to_json_column(ticket)}
            put(connection, TICKET, values)
        case TicketClosed(ticket=name, answer=answer, person=person):
            change(connection, TICKET, {"ticket": name}, {"closed_at": entry.at, "answer": answer, "person": person})
