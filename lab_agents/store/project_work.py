"""Filling the tables of what is done with hands: work, bids, samples, measurements, tasks, acts."""

from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.engine import Connection

from lab_agents.messages.course import AwardWithdrawn, WorkAwarded
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import (
    AwardAccepted,
    AwardDeclined,
    BidMade,
    BidRefused,
    MeasurementTaken,
    ReservationReleased,
    ReservationRequested,
    SampleMade,
    SampleMoved,
    SampleQuarantined,
    TaskDone,
    TaskFailed,
    TaskStarted,
)
from lab_agents.store.columns import change, put, put_new, table_of, to_json_column
from lab_agents.store.projection_tables import ActRow, BidRow, MeasurementRow, SampleRow, TaskRow, WorkRow

WORK, BID, SAMPLE = table_of(WorkRow), table_of(BidRow), table_of(SampleRow)
MEASUREMENT, TASK, ACT = table_of(MeasurementRow), table_of(TaskRow), table_of(ActRow)

_ACT_ENDED = (
    update(ACT)
    .where(ACT.c.token == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "run", "started_at", "ended_at", "record")})
)


def fill_work(connection: Connection, logged: Logged) -> None:
    """A piece of work's row: made at its first answer, changed by awards, reservations, tasks and what comes out."""
    match logged.entry.record:
        case BidMade(bid=bid):
            _offer(connection, logged, bid.work, bid.round)
        case BidRefused(work=work, round=number):
            _offer(connection, logged, work, number)
        case WorkAwarded() as award:
            _award(connection, logged, award)
        case AwardAccepted(work=work, bidder=bidder):
            _change_award(connection, work, bidder, state="accepted")
        case AwardDeclined() | AwardWithdrawn() as lost:
            _change_award(connection, lost.work, lost.bidder, state="offered", bidder=None, reason=lost.reason)
        case _:
            _follow_work(connection, logged)


def _follow_work(connection: Connection, logged: Logged) -> None:
    match logged.entry.record:
        case ReservationRequested(work=work, sample=sample):
            _change_work(connection, work, sample=sample)
        case TaskStarted(task=task):
            _change_work(connection, task.work, sample=task.sample, state="running")
        case TaskFailed(work=work, sample=sample, cause=cause):
            _change_work(connection, work, sample=sample, state="failed", reason=cause)
        case SampleMade(sample=made):
            _change_work(connection, made.work, sample=made.id, state="done")
        case ReservationReleased(work=work):
            # Measured work ends here, behind the sample's way back; what failed or was made has its state already.
            change(connection, WORK, {"work": work, "state": "running"}, {"state": "done"})


def _award(connection: Connection, logged: Logged, award: WorkAwarded) -> None:
    _offer(connection, logged, award.work, award.round)
    values = {"state": "awarded", "round": award.round, "bidder": award.bidder, "reason": award.reason}
    _change_work(connection, award.work, **values, at=logged.entry.at, record=to_json_column(award))


def _offer(connection: Connection, logged: Logged, work: str, number: int) -> None:
    values = {"work": work, "position": logged.position, "campaign": logged.entry.campaign, "state": "offered"}
    put_new(connection, WORK, [values | {"round": number, "reason": "", "at": logged.entry.at}])


def _change_work(connection: Connection, work: str, **values: object) -> None:
    change(connection, WORK, {"work": work}, values)


def _change_award(connection: Connection, work: str, holder: str, **values: object) -> None:
    """Of an acceptance and a withdrawal the earlier position counts: the later one finds no open award."""
    change(connection, WORK, {"work": work, "bidder": holder, "state": "awarded"}, values)


def fill_bid(connection: Connection, logged: Logged) -> None:
    """One row per answer to an offer."""
    entry = logged.entry
    values: dict[str, Any] = {"position": logged.position, "campaign": entry.campaign, "at": entry.at}
    match entry.record:
        case BidMade(bid=bid):
            values |= {"work": bid.work, "round": bid.round, "bidder": bid.bidder, "code": None, "chance": bid.chance}
            put(connection, BID, values | {"record": to_json_column(bid)})
        case BidRefused() as refusal:
            values |= {"work": refusal.work, "round": refusal.round, "bidder": refusal.bidder, "code": refusal.code}
            put(connection, BID, values | {"chance": None, "record": to_json_column(refusal)})


def fill_sample(connection: Connection, logged: Logged) -> None:
    """A sample's row: made with the sample, or when one that was only begun is quarantined; it follows its moves."""
    entry = logged.entry
    match entry.record:
        case SampleMade(sample=sample):
            values: dict[str, Any] = {"sample": sample.id, "position": logged.position, "campaign": sample.campaign}
            values |= {"work": sample.work, "made_by": sample.made_by, "made_at": sample.made_at}
            put(connection, SAMPLE, values | {"place": sample.place, "record": to_json_column(sample)})
        case SampleMoved(sample=name, target=target):
            change(connection, SAMPLE, {"sample": name}, {"place": target})
        case SampleQuarantined(sample=name, work=work, reason=reason):
            begun = {"sample": name, "position": logged.position, "campaign": entry.campaign, "work": work}
            put_new(connection, SAMPLE, [begun])
            change(connection, SAMPLE, {"sample": name}, {"quarantined": reason})


def fill_measurement(connection: Connection, logged: Logged) -> None:
    """One row per measurement."""
    entry = logged.entry
    if isinstance(entry.record, MeasurementTaken):
        taken = entry.record.measurement
        values = {"measurement": taken.id, "position": logged.position, "campaign": entry.campaign}
        names = ("sample", "instrument", "run", "raw", "documents", "taken_at")
        values |= {name: getattr(taken, name) for name in names}
        put(connection, MEASUREMENT, values | {"record": to_json_column(taken)})


def fill_task(connection: Connection, logged: Logged) -> None:
    """One row per task: running from its start, done or failed at its end."""
    entry = logged.entry
    match entry.record:
        case TaskStarted(task=task):
            values: dict[str, Any] = {"task": task.id, "position": logged.position, "campaign": entry.campaign}
            values |= {name: getattr(task, name) for name in ("work", "sample", "step", "owner")}
            values |= {"state": "running", "cause": "", "unknown": 0, "started_at": entry.at, "ended_at": None}
            put(connection, TASK, values | {"record": to_json_column(task)})
        case TaskDone(task=name):
            _end_task(connection, name, state="done", ended_at=entry.at)
        case TaskFailed(task=name, cause=cause, unknown=unknown):
            _end_task(connection, name, state="failed", ended_at=entry.at, cause=cause, unknown=len(unknown))


def _end_task(connection: Connection, task: str, **values: object) -> None:
    change(connection, TASK, {"task": task}, values)


def fill_act(connection: Connection, logged: Logged) -> None:
    """One row per act of a task that was started: planned, then done or unknown."""
    match logged.entry.record:
        case TaskStarted(task=task):
            planned = [
                {
                    "token": task.token(number),
                    "position": logged.position,
                    "task": task.id,
                    "number": number,
                    "instrument": act.instrument,
                    "plan": act.plan,
                    "state": "planned",
                }
                for number, act in enumerate(task.acts)
            ]
            put_new(connection, ACT, planned)
        case TaskDone(results=results) | TaskFailed(results=results) as end:
            changes = [
                {
                    "of": result.token,
                    "new_state": "done",
                    "new_run": result.run,
                    "new_started_at": result.started_at,
                    "new_ended_at": result.ended_at,
                    "new_record": to_json_column(result),
                }
                for result in results
            ]
            if changes:
                connection.execute(_ACT_ENDED, changes)
            if isinstance(end, TaskFailed) and end.unknown:
                connection.execute(update(ACT).where(ACT.c.token.in_(end.unknown)).values(state="unknown"))
