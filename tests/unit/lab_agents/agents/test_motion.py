"""A task goes on with the next act; each act moves at most once, whatever the instrument answers."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from instruments.errors import (
    ActuationFailedError,
    ActuationUnknownError,
    ForgottenTokenError,
    MissingDataError,
    MotionRefusedError,
    TransportError,
)
from instruments.protocols import Gate, Reconciled
from lab_agents.agents.behaviour import Job, JobOutcome
from lab_agents.agents.gates import GateClosedError
from lab_agents.agents.motion import MotionRunner, Withheld
from lab_agents.journal import Journal
from lab_agents.records.motion import Motion
from lab_agents.records.recipe import Act, ActResult, Task
from lab_agents.threads import OwnThread
from tests.small_log import AT, QUICK

ACTS = tuple(Act(instrument="toy", plan=f"step_{number}") for number in range(3))
TASK = Task(id="w/0", work="w", sample="s", step=0, name="toy", owner="line", acts=ACTS)
JOB = Job(id="7/motion", cause=7, kind="motion", name="motion", subject="s", campaign="c", task=TASK)


def result(number: int) -> ActResult:
    """What an act brings back."""
    return ActResult(act=number, token=TASK.token(number), run=f"run-{number}", started_at=AT, ended_at=AT)


@dataclass
class Bench:
    """An engine that does as told: `says` are errors or verdicts to be met first, by act."""

    performed: list[int] = field(default_factory=list)
    asked: list[tuple[int, bool]] = field(default_factory=list)
    says: dict[int, list[Exception]] = field(default_factory=dict)
    verdicts: dict[int, Reconciled] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    async def perform(self, act: Act, number: int, token: str, gate: Gate, about: Mapping[str, str]) -> ActResult:
        gate()
        self.about = about
        if self.says.get(number):
            raise self.says[number].pop(0)
        self.performed.append(number)
        return result(number)

    async def reconcile(
        self, act: Act, number: int, token: str, about: Mapping[str, str], *, intended: bool
    ) -> Reconciled:
        self.asked.append((number, intended))
        return self.verdicts.get(number, Reconciled("not_started"))

    def motions(self) -> tuple[Motion, ...]:
        return ()

    async def halt(self, instrument: str) -> None:
        raise AssertionError(instrument)


@dataclass
class Station:
    """A runner with its journal; the gate and the rebuilt position are in the test's hand."""

    bench: Bench
    journal: Journal
    worker: OwnThread
    closed: str = ""
    rebuilt_until: int = 0
    withheld_from: int = len(ACTS)

    def __post_init__(self) -> None:
        self.runner = MotionRunner(
            self.bench,
            self.journal,
            self.worker,
            self._gate,
            lambda: self.rebuilt_until,
            QUICK,
            withheld=lambda job, act: "paused" if act >= self.withheld_from else "",
        )

    def _gate(self) -> None:
        if self.closed:
            raise GateClosedError(f"nothing starts: {self.closed}")

    async def run(self) -> JobOutcome:
        """The job, from where the journal stands."""
        async with asyncio.timeout(60):
            return await self.runner.run(JOB)

    async def intend(self, number: int, outcome: str | None = None) -> None:
        """What an earlier life left in the journal."""
        await self.worker.run(self.journal.intend, TASK.token(number), "step")
        if outcome is not None:
            await self.worker.run(self.journal.outcome, TASK.token(number), outcome)


@pytest.fixture
async def station(tmp_path: Path):
    """An instrument that does everything at once."""
    worker = OwnThread("journal")
    journal = await worker.run(Journal, tmp_path / "line.sqlite", "line")
    yield Station(Bench(), journal, worker)
    await worker.run(journal.close)
    await asyncio.to_thread(worker.close)


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.002)


async def test_acts_are_done_in_order_and_reported_together(station: Station) -> None:
    """Each run's metadata says what it was for."""
    outcome = await station.run()
    assert outcome == JobOutcome(ok=True, results=(result(0), result(1), result(2)))
    assert station.bench.performed == [0, 1, 2]
    assert station.bench.about["task"] == "w/0"
    assert station.bench.about["campaign"] == "c"
    assert station.bench.about["token"] == TASK.token(2)


async def test_a_restarted_task_goes_on_with_the_next_act(station: Station) -> None:
    """What the journal holds is not asked for, and not done again."""
    await station.intend(0, result(0).model_dump_json())
    assert (await station.run()).results == (result(0), result(1), result(2))
    assert station.bench.performed == [1, 2]
    assert station.bench.asked == []


async def test_a_job_run_twice_moves_nothing_the_second_time(station: Station) -> None:
    """Killed between the last act and its conclusion: the results come from the journal."""
    first = await station.run()
    assert await station.run() == first
    assert station.bench.performed == [0, 1, 2]


async def test_an_act_that_was_intended_is_asked_for_first(station: Station) -> None:
    """Done: what the instrument held is the result."""
    await station.intend(1)
    station.bench.verdicts[1] = Reconciled("done", result(1))
    assert (await station.run()).ok
    assert station.bench.asked == [(1, True)]
    assert station.bench.performed == [0, 2]


async def test_an_act_that_certainly_did_not_start_is_done(station: Station) -> None:
    """On positive evidence only."""
    await station.intend(1)
    station.bench.verdicts[1] = Reconciled("not_started")
    assert (await station.run()).ok
    assert station.bench.performed == [0, 1, 2]


async def test_an_engine_s_short_outcome_is_asked_about_for_the_whole_result(station: Station) -> None:
    """The act ended, but its readings are with the instrument."""
    await station.intend(0, "done")
    station.bench.verdicts[0] = Reconciled("done", result(0))
    assert (await station.run()).ok
    assert station.bench.asked == [(0, True)]
    assert station.bench.performed == [1, 2]


async def test_an_act_reported_as_failed_ends_the_task_with_what_was_done(station: Station) -> None:
    """Nothing after it starts."""
    await station.intend(1)
    station.bench.verdicts[1] = Reconciled("failed", evidence={"code": "17"})
    outcome = await station.run()
    assert outcome.error == "toy reports that step_1 failed"
    assert (outcome.ok, outcome.results, outcome.unknown) == (False, (result(0),), ())
    assert outcome.evidence == {"code": "17"}
    assert station.bench.performed == [0]


@pytest.mark.parametrize("verdict", [Reconciled("unknown", evidence={"seen": "half"}), Reconciled("done")])
async def test_what_the_instrument_cannot_say_stays_unknown(station: Station, verdict: Reconciled) -> None:
    """Never silently redone; its token is named. A done act without its result is no better."""
    await station.intend(0)
    station.bench.verdicts[0] = verdict
    outcome = await station.run()
    assert outcome.unknown == (TASK.token(0),)
    assert "cannot say whether step_0 happened" in outcome.error
    assert station.bench.performed == []


async def test_after_a_lost_journal_every_older_act_is_asked_for(station: Station) -> None:
    """Its intents may be missing; a job of later date is not in doubt."""
    station.rebuilt_until = JOB.cause
    station.bench.verdicts[0] = Reconciled("done", result(0))
    assert (await station.run()).ok
    assert station.bench.asked == [(0, False), (1, False), (2, False)]
    assert station.bench.performed == [1, 2]


async def test_a_closed_gate_makes_the_task_wait_and_say_why(station: Station) -> None:
    """Between acts, and it goes on by itself."""
    station.closed = "supervision's permit is lost"
    running = asyncio.create_task(station.run())
    await until(lambda: station.runner.waits == {"w/0": "nothing starts: supervision's permit is lost"})
    assert station.bench.performed == []
    station.closed = ""
    assert (await running).ok
    assert station.runner.waits == {}


async def test_an_unreachable_instrument_is_tried_again(station: Station) -> None:
    """A cable that comes loose costs time, not a sample."""
    station.bench.says[1] = [TransportError("no route"), TransportError("no route")]
    assert (await station.run()).ok
    assert station.bench.performed == [0, 1, 2]
    assert station.runner.waits == {}


async def test_a_lost_answer_is_asked_about_and_never_sent_again(station: Station) -> None:
    """The engine does not know; the instrument, asked by token, does."""
    station.bench.says[0] = [ActuationUnknownError("no answer", token=TASK.token(0))]
    station.bench.verdicts[0] = Reconciled("done", result(0))
    await station.intend(0)
    assert (await station.run()).ok
    assert station.bench.performed == [1, 2]


@pytest.mark.parametrize(
    "error", [MotionRefusedError("toy may not move while the door is open"), ActuationFailedError("the vial broke")]
)
async def test_a_refusal_or_failure_of_the_instrument_is_the_outcome(station: Station, error: Exception) -> None:
    """With its words; nothing is unknown."""
    station.bench.says[1] = [error]
    outcome = await station.run()
    assert (outcome.ok, outcome.error, outcome.unknown) == (False, str(error), ())
    assert outcome.results == (result(0),)


@pytest.mark.parametrize(
    ("number", "error", "moved", "repeatable"),
    [
        (0, MotionRefusedError("no"), False, False),
        (1, MotionRefusedError("no"), True, False),
        (0, ActuationFailedError("broke"), True, False),
        (0, MissingDataError("gone", repeatable=True), True, True),
        (1, MissingDataError("gone", repeatable=True), True, False),
        (0, MissingDataError("gone", repeatable=False), True, False),
    ],
)
async def test_a_bad_end_says_whether_it_may_be_tried_again(station: Station, number, error, moved, repeatable) -> None:
    """Only where no act before it was done, and this one certainly did not move or only its data are missing."""
    station.bench.says[number] = [error]
    outcome = await station.run()
    assert (outcome.moved, outcome.repeatable) == (moved, repeatable)


async def test_data_that_a_restarted_process_finds_gone_may_be_measured_again(station: Station) -> None:
    """As the instrument's class allows."""
    await station.intend(0)
    station.bench.verdicts[0] = Reconciled("failed", evidence={"what": "no data", "repeatable": "true"})
    assert (await station.run()).repeatable


async def test_a_task_is_not_begun_later_than_it_may_be_but_goes_on_once_begun(station: Station) -> None:
    """A film that has dried is not annealed."""
    late = JOB.model_copy(update={"task": TASK.model_copy(update={"not_after": AT})})
    times = [AT, AT + timedelta(seconds=1)]
    runner = MotionRunner(
        station.bench, station.journal, station.worker, lambda: None, lambda: 0, QUICK, lambda: times[-1]
    )
    outcome = await runner.run(late)
    assert (outcome.ok, outcome.moved) == (False, False)
    assert "could not begin before" in outcome.error
    assert station.bench.performed == []
    times.pop()
    station.bench.performed.clear()
    assert (await runner.run(late)).ok


async def test_tasks_on_different_instruments_run_at_once_and_on_one_instrument_in_turn(station: Station) -> None:
    """Four annealing positions are used at once; nobody starts a second program on one."""
    meeting = asyncio.Barrier(2)
    running: list[str] = []

    class Meeting(Bench):
        async def perform(self, act: Act, number: int, token: str, gate: Gate, about: Mapping[str, str]) -> ActResult:
            assert act.instrument not in running
            running.append(act.instrument)
            await meeting.wait()
            running.remove(act.instrument)
            return ActResult(act=number, token=token, run="r", started_at=AT, ended_at=AT)

    def job(instrument: str, number: int) -> Job:
        act = Act(instrument=instrument, plan="anneal")
        task = TASK.model_copy(update={"id": f"{instrument}/{number}", "acts": (act,)})
        return JOB.model_copy(update={"task": task})

    runner = MotionRunner(Meeting(), station.journal, station.worker, lambda: None, lambda: 0, QUICK)
    jobs = [job(instrument, number) for number in (1, 2) for instrument in ("plate_1", "plate_2")]
    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(*map(runner.run, jobs))
    assert all(outcome.ok for outcome in outcomes)


async def test_a_motion_without_a_task_is_an_outcome_and_no_crash(station: Station) -> None:
    """A fault of the rules, told like any other."""
    outcome = await station.runner.run(JOB.model_copy(update={"task": None}))
    assert outcome == JobOutcome(ok=False, error="job 7/motion has no task")


async def test_what_an_instrument_accepted_and_forgot_is_unknown_for_good(station: Station) -> None:
    """It would say that nothing had begun: then the act would be done again, and again asked about, for ever."""
    station.bench.says = {1: [ForgottenTokenError("reset?", token=TASK.token(1))]}
    await station.intend(1)
    station.bench.verdicts[1] = Reconciled("not_started")
    outcome = await station.run()
    assert (outcome.ok, outcome.unknown, station.bench.performed) == (False, (TASK.token(1),), [0])
    assert outcome.evidence["state"] == "never seen after it was accepted"
    again = await station.run()
    assert (again.unknown, station.bench.performed) == ((TASK.token(1),), [0])
    assert station.bench.asked == [(1, True)], "the next life asks nothing"


async def test_a_task_stops_before_an_act_that_is_withheld_and_goes_on_with_it(station: Station) -> None:
    """It says since when it stands still."""
    station.withheld_from = 1
    running = asyncio.create_task(station.run())
    await until(lambda: station.runner.withheld)
    assert station.runner.withheld == {"w/0": Withheld(1, AT)}
    assert station.runner.waits == {"w/0": "paused"}
    assert station.bench.performed == [0]
    station.withheld_from = len(ACTS)
    assert (await running).ok
    assert station.bench.performed == [0, 1, 2]
    assert (station.runner.withheld, station.runner.waits) == ({}, {})


async def test_what_had_begun_before_a_kill_is_followed_to_its_end_although_acts_are_withheld(station: Station) -> None:
    """Only what certainly did not begin waits."""
    station.withheld_from = 0
    await station.intend(0)
    station.bench.verdicts[0] = Reconciled("done", result(0))
    running = asyncio.create_task(station.run())
    await until(lambda: station.runner.withheld)
    assert station.runner.withheld["w/0"].act == 1
    assert (station.bench.performed, station.bench.asked) == ([], [(0, True)])
    station.withheld_from = len(ACTS)
    await running
    assert station.bench.performed == [1, 2]
