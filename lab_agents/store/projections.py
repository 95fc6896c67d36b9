"""From one log entry to the rows of the tables that are queried, and all of them made again from the log."""

from collections.abc import Callable

from sqlalchemy import delete
from sqlalchemy.engine import Connection, Engine

from lab_agents.messages import course, work
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.store import project_course as of_course
from lab_agents.store import project_work as of_work
from lab_agents.store.columns import table_of
from lab_agents.store.projection_tables import PROJECTIONS
from lab_agents.store.rows import log_identity, logged_of, read_rows

Filler = Callable[[Connection, Logged], None]

_FILLERS: dict[Filler, tuple[type[Body], ...]] = {
    of_course.fill_campaign: (
        course.CampaignStarted,
        course.BudgetGranted,
        course.CampaignPaused,
        course.CampaignResumed,
        course.CampaignClosing,
        course.CampaignFinished,
    ),
    of_course.fill_proposal: (course.ProposalMade,),
    of_course.fill_observation: (course.ObservationMade, course.ObservationRetracted),
    of_course.fill_model: (course.ModelTrained,),
    of_course.fill_ticket: (course.TicketOpened, course.TicketClosed),
    of_work.fill_work: (
        work.BidMade,
        work.BidRefused,
        course.WorkAwarded,
        work.AwardAccepted,
        work.AwardDeclined,
        course.AwardWithdrawn,
        work.ReservationRequested,
        work.TaskStarted,
        work.TaskFailed,
        work.SampleMade,
        work.ReservationReleased,
    ),
    of_work.fill_bid: (work.BidMade, work.BidRefused),
    of_work.fill_sample: (work.SampleMade, work.SampleMoved, work.SampleQuarantined),
    of_work.fill_measurement: (work.MeasurementTaken,),
    of_work.fill_task: (work.TaskStarted, work.TaskDone, work.TaskFailed),
    of_work.fill_act: (work.TaskStarted, work.TaskDone, work.TaskFailed),
}
"""Which table learns from which kinds; a kind that stands nowhere costs one look-up."""

_BY_KIND: dict[type[Body], tuple[Filler, ...]] = {
    kind: tuple(filler for filler, kinds in _FILLERS.items() if kind in kinds)
    for kind in {kind for kinds in _FILLERS.values() for kind in kinds}
}


def project(connection: Connection, logged: Logged) -> None:
    """Bring the queried tables up to an entry, in the transaction that appends it.

    An entry projected twice equals once. No valid entry raises here: a row that cannot be written would stop the log.
    """
    for fill in _BY_KIND.get(type(logged.entry.record), ()):
        fill(connection, logged)


def rebuild(engine: Engine) -> int:
    """Empty every queried table and fill it again from the log, in one transaction.

    Args:
        engine: The store, opened for writing (`lab_agents.store.writer.connect`).

    Returns:
        How many entries were read.

    Raises:
        StoreError: If an entry cannot be read by this version; the tables then stay as they were.
    """
    count = 0
    with engine.begin() as connection:
        for row in PROJECTIONS:
            connection.execute(delete(table_of(row)))
        log = log_identity(connection)
        for stored in read_rows(connection, 0):
            project(connection, logged_of(stored, log))
            count += 1
    return count
