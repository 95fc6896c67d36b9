import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from lab_agents.messages import course, work
from lab_agents.records.bid import Bid
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.measurement import Measurement
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation
from lab_agents.records.proposal import Proposal
from lab_agents.records.recipe import ActResult, Task
from lab_agents.records.sample import Sample
from lab_agents.records.ticket import Ticket
from lab_agents.store import projection_tables as rows
from lab_agents.store.columns import from_json_column, table_of
from lab_agents.store.projections import project, rebuild
from lab_agents.store.rows import logged_of, read_rows


def tables_of(engine):
    """Every row of every queried table."""
    with engine.connect() as connection:
        return {row.__tablename__: connection.execute(select(table_of(row))).all() for row in rows.PROJECTIONS}


def logged_entries(engine):
    """The whole log."""
    with engine.connect() as connection:
        return [logged_of(row, "log") for row in read_rows(connection, 0)]


def test_a_rebuild_gives_the_tables_that_the_recorder_wrote(book, engine):
    """Nothing in the queried tables comes from anywhere but the log."""
    before = tables_of(engine)
    assert all(before.values()), "every table has rows"
    assert rebuild(engine) == book.writer.position
    assert tables_of(engine) == before


def test_a_rebuild_restores_tables_that_were_emptied(engine):
    """Only the log is backed up."""
    before = tables_of(engine)
    with engine.begin() as connection:
        for row in rows.PROJECTIONS:
            connection.execute(delete(table_of(row)))
    rebuild(engine)
    assert tables_of(engine) == before


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_entry_projected_twice_equals_once(engine, data):
    """Whichever entry is repeated right after itself."""
    entries = logged_entries(engine)
    repeated = data.draw(st.sets(st.integers(0, len(entries) - 1)))
    rebuild(engine)
    once = tables_of(engine)
    with engine.begin() as connection:
        for row in rows.PROJECTIONS:
            connection.execute(delete(table_of(row)))
        for number, logged in enumerate(entries):
            for _ in range(2 if number in repeated else 1):
                project(connection, logged)
    assert tables_of(engine) == once


RECORDS = {
    rows.CampaignRow: (CampaignPlan, course.CampaignStarted, "plan"),
    rows.ProposalRow: (Proposal, course.ProposalMade, "proposal"),
    rows.WorkRow: (course.WorkAwarded, course.WorkAwarded, None),
    rows.SampleRow: (Sample, work.SampleMade, "sample"),
    rows.MeasurementRow: (Measurement, work.MeasurementTaken, "measurement"),
    rows.ObservationRow: (Observation, course.ObservationMade, "observation"),
    rows.ModelRow: (TrainedModel, course.ModelTrained, "model"),
    rows.TicketRow: (Ticket, course.TicketOpened, "ticket"),
    rows.TaskRow: (Task, work.TaskStarted, "task"),
}


@pytest.mark.parametrize("row", RECORDS, ids=lambda row: row.__tablename__)
def test_a_record_comes_back_from_its_row_as_it_was_logged(engine, row):
    """Record to row to record is the identity."""
    model, body, name = RECORDS[row]
    bodies = [one.entry.record for one in logged_entries(engine) if isinstance(one.entry.record, body)]
    logged = [getattr(one, name) if name else one for one in bodies]
    with engine.connect() as connection:
        table = table_of(row)
        stored = connection.execute(select(table.c.record).order_by(table.c.position)).scalars()
        assert [from_json_column(model, value) for value in stored] == logged


def test_bids_refusals_and_act_results_come_back_as_they_were_logged(engine):
    """The two tables whose rows hold more than one kind of record."""
    bodies = [one.entry.record for one in logged_entries(engine)]
    answers = [one.bid if isinstance(one, work.BidMade) else one for one in bodies if isinstance(one, ANSWERS)]
    results = [result for one in bodies if isinstance(one, work.TaskDone) for result in one.results]
    with engine.connect() as connection:
        bid = table_of(rows.BidRow)
        stored = connection.execute(select(bid.c.record, bid.c.code).order_by(bid.c.position)).all()
        assert [from_json_column(work.BidRefused if code else Bid, value) for value, code in stored] == answers
        act = table_of(rows.ActRow)
        acts = connection.execute(select(act.c.record).order_by(act.c.position, act.c.number)).scalars()
        assert [from_json_column(ActResult, value) for value in acts] == results


ANSWERS = (work.BidMade, work.BidRefused)


def test_projecting_costs_less_than_the_commit_it_is_in(engine):
    """Typically below 0.3 ms; the bound is wide, because test machines are shared."""
    entries = logged_entries(engine)
    with engine.begin() as connection:
        for logged in entries:
            project(connection, logged)
        began = time.perf_counter()
        for logged in entries:
            project(connection, logged)
        assert (time.perf_counter() - began) / len(entries) < 3e-3
        assert connection.execute(select(func.count()).select_from(table_of(rows.SampleRow))).scalar_one() == 2
