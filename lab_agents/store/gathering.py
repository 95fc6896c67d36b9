"""Answers that are put together from several tables."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Table, select
from sqlalchemy.engine import Connection

from lab_agents.messages.course import WorkAwarded
from lab_agents.messages.work import BidRefused
from lab_agents.records.bid import Bid
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.observation import Observation
from lab_agents.records.proposal import Proposal, ProposedCandidate
from lab_agents.records.recipe import Task
from lab_agents.records.sample import Sample
from lab_agents.store import projection_tables as rows
from lab_agents.store.columns import from_json_column, table_of
from lab_agents.store.summaries import CampaignSummary, SampleSummary, TaskSpan, WorkSummary

_PROPOSAL, _SAMPLE, _OBSERVATION = (table_of(row) for row in (rows.ProposalRow, rows.SampleRow, rows.ObservationRow))
_WORK, _BID, _CAMPAIGN = table_of(rows.WorkRow), table_of(rows.BidRow), table_of(rows.CampaignRow)


def gather_campaigns(connection: Connection) -> tuple[CampaignSummary, ...]:
    """Campaigns with the counts of their samples."""
    samples: dict[str | None, list[SampleSummary]] = defaultdict(list)
    for sample in gather_samples(connection, None):
        samples[sample.campaign].append(sample)
    return tuple(_campaign_summary(row, samples[row.campaign]) for row in connection.execute(_of(_CAMPAIGN, None)))


def _campaign_summary(row: Row[Any], samples: list[SampleSummary]) -> CampaignSummary:
    return CampaignSummary(
        campaign=row.campaign,
        position=row.position,
        state=row.state,
        reason=row.reason,
        granted=row.granted,
        started_at=row.started_at,
        ended_at=row.ended_at,
        plan=from_json_column(CampaignPlan, row.record),
        n_proposed=sum(sample.proposed is not None for sample in samples),
        n_made=sum(sample.made is not None for sample in samples),
        n_observed=sum(sample.observation is not None for sample in samples),
        n_quarantined=sum(sample.quarantined is not None for sample in samples),
    )


def gather_samples(connection: Connection, campaign: str | None) -> tuple[SampleSummary, ...]:
    """Samples in order of proposal, then those that nobody proposed."""
    proposed = _proposed(connection, campaign)
    made = {row.sample: row for row in connection.execute(_of(_SAMPLE, campaign))}
    seen: dict[str, list[Observation]] = defaultdict(list)
    seen_at: dict[str, datetime] = {}
    for row in connection.execute(_of(_OBSERVATION, campaign).where(_OBSERVATION.c.retracted.is_(None))):
        seen[row.sample].append(from_json_column(Observation, row.record))
        seen_at[row.sample] = row.at
    names = [*proposed, *(name for name in made if name not in proposed)]
    return tuple(
        _sample_summary(name, proposed.get(name), made.get(name), tuple(seen[name]), seen_at.get(name))
        for name in names
    )


def _sample_summary(
    name: str,
    proposed: tuple[str | None, int, ProposedCandidate] | None,
    made: Row[Any] | None,
    observations: tuple[Observation, ...],
    observed_at: datetime | None,
) -> SampleSummary:
    campaign, number, candidate = proposed or (made.campaign if made else None, None, None)
    record = from_json_column(Sample, made.record) if made is not None and made.record is not None else None
    place, quarantined = (made.place, made.quarantined) if made is not None else (None, None)
    return SampleSummary(name, campaign, number, candidate, record, place, quarantined, observations, observed_at)


def _proposed(connection: Connection, campaign: str | None) -> dict[str, tuple[str | None, int, ProposedCandidate]]:
    return {
        candidate.sample: (row.campaign, row.number, candidate)
        for row in connection.execute(_of(_PROPOSAL, campaign))
        for candidate in from_json_column(Proposal, row.record).candidates
    }


def gather_work(connection: Connection, campaign: str | None) -> tuple[WorkSummary, ...]:
    """Work with the answers to its offers."""
    bids: dict[str, list[Bid]] = defaultdict(list)
    refusals: dict[str, list[BidRefused]] = defaultdict(list)
    for row in connection.execute(_of(_BID, campaign)):
        if row.code is None:
            bids[row.work].append(from_json_column(Bid, row.record))
        else:
            refusals[row.work].append(from_json_column(BidRefused, row.record))
    return tuple(
        WorkSummary(
            row.work,
            row.campaign,
            row.sample,
            row.state,
            row.round,
            row.bidder,
            row.reason,
            None if row.record is None else from_json_column(WorkAwarded, row.record),
            tuple(bids[row.work]),
            tuple(refusals[row.work]),
        )
        for row in connection.execute(_of(_WORK, campaign))
    )


def gather_tasks(tasks: Iterable[Row[Any]]) -> Iterator[TaskSpan]:
    """Tasks with the instruments that they move."""
    for row in tasks:
        task = from_json_column(Task, row.record)
        instruments = tuple(dict.fromkeys(act.instrument for act in task.acts))
        yield TaskSpan(
            row.task,
            row.sample,
            row.owner,
            instruments,
            row.state,
            row.cause,
            row.unknown,
            row.started_at,
            row.ended_at,
        )


def _of(table: Table, campaign: str | None) -> Select[Any]:
    query = select(table).order_by(table.c.position)
    return query if campaign is None else query.where(table.c.campaign == campaign)
