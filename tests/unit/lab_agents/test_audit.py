import json
import sqlite3
from contextlib import closing

import pytest
from pydantic_core import to_json

from lab_agents.audit import audit
from lab_agents.errors import StoreError
from lab_agents.messages import course, life, work
from lab_agents.records.campaign import Budget
from lab_agents.records.laboratory import SimulationDeclaration
from lab_agents.records.measurement import Measurement
from lab_agents.records.recipe import Act, ActResult, Task
from lab_agents.store.reader import StoreReader
from tests.logbook import START
from tests.small_campaign import LABORATORY, MAKING, PLAN, do_task, write_ledger

DOSES = MAKING.steps[0].acts


def found(book, check: str) -> list[str]:
    """What one check found, as sentences."""
    (one,) = (one for one in audit(book.state).checks if one.name == check)
    return [f"{finding.subject} {finding.what}" for finding in one.findings]


def task_of(name: str, acts=DOSES) -> Task:
    """A task of the line that the campaign does not have."""
    return Task(id=f"{name}/0", work=name, sample=name, step=0, name="dispense", owner="line", acts=acts)


def result_of(task: Task, number: int) -> ActResult:
    """An act that ended well, without documents."""
    return ActResult(act=number, token=task.token(number), run=f"r{number}", started_at=START, ended_at=START)


def fail(book, task: Task, *, results=(), unknown=()) -> None:
    """Start a task and let it fail."""
    cause = book.add("line", work.TaskStarted(task=task))
    failure = work.TaskFailed(
        task=task.id,
        work=task.work,
        sample=task.sample,
        step=0,
        owner="line",
        cause="killed",
        results=results,
        unknown=unknown,
    )
    book.add("line", failure, cause=cause)


def test_a_campaign_in_which_nothing_went_wrong_is_clean(book):
    """Every check was put to something, and found nothing."""
    report = audit(book.state)
    assert report.agrees, report.to_text()
    assert all(check.n_checked for check in report.checks)
    assert (report.n_ordered, report.n_done, report.n_moved, report.unknown_share) == (8, 8, 8, 0.0)
    assert "Everything agrees." in report.to_text()


def test_a_report_is_readable_by_a_program(book):
    """As one JSON object with the verdict and every finding."""
    write_ledger(book, "dispenser", "f" * 16, "dose")
    told = json.loads(to_json(audit(book.state)))
    assert told["agrees"] is False
    (foreign,) = (check for check in told["checks"] if check["name"] == "foreign")
    assert foreign["findings"][0]["subject"] == "f" * 16


def test_a_dose_given_twice_is_found(book):
    """Two ledger lines for one token."""
    token = task_of("make-first-0001").token(1)
    write_ledger(book, "dispenser", token, "dose")
    (finding,) = found(book, "actuations")
    assert f"{token} (make-first-0001/0, act 1: dose) moved 2 times; the log says done" in finding


def test_an_act_that_the_log_calls_done_and_never_moved_is_found(book):
    """No ledger line for a result."""
    task = task_of("made-up")
    cause = book.add("line", work.TaskStarted(task=task))
    write_ledger(book, "dispenser", task.token(0), "new_vial")
    done = work.TaskDone(
        task=task.id,
        work="made-up",
        sample="made-up",
        step=0,
        owner="line",
        results=tuple(result_of(task, number) for number in range(2)),
    )
    book.add("line", done, cause=cause)
    (finding,) = found(book, "actuations")
    assert "act 1: dose) never moved, but the log says done" in finding


@pytest.mark.parametrize("times", [0, 1])
def test_an_unknown_act_may_have_moved_once_or_not(book, times):
    """That is what unknown means; it counts into the share."""
    task = task_of("lost", DOSES[:1])
    fail(book, task, unknown=(task.token(0),))
    for _ in range(times):
        write_ledger(book, "dispenser", task.token(0), "new_vial")
    report = audit(book.state)
    assert report.agrees, report.to_text()
    assert (report.n_unknown, report.unknown_share) == (1, 1 / 9)


def test_an_unknown_act_that_moved_twice_is_found(book):
    """Unknown is no excuse for a second dose."""
    task = task_of("lost", DOSES[:1])
    fail(book, task, unknown=(task.token(0),))
    for _ in range(2):
        write_ledger(book, "dispenser", task.token(0), "new_vial")
    assert "moved 2 times; the log says unknown" in found(book, "actuations")[0]


def test_a_failed_task_owes_its_finished_acts_and_no_others(book):
    """The act before the failure moved, the one behind it did not."""
    task = task_of("broken")
    fail(book, task, results=(result_of(task, 0),))
    assert any("never moved" in one for one in found(book, "actuations"))
    write_ledger(book, "dispenser", task.token(0), "new_vial")
    assert found(book, "actuations") == []


def test_a_movement_that_nobody_ordered_is_found(book):
    """A token that no task planned, and a line without a token; a halt is no actuation."""
    write_ledger(book, "dispenser", "f" * 16, "dose")
    write_ledger(book, "arm", "", "transfer")
    write_ledger(book, "arm", "", "halt")
    assert found(book, "foreign") == [
        "ffffffffffffffff dispenser did dose in ledger line 9",
        "no token arm did transfer in ledger line 10",
    ]


def test_a_movement_other_than_ordered_is_found(book):
    """Another instrument, action or amount under the right token."""
    path = book.state / "simulator" / "ledger.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1] |= {"instrument": "arm", "action": "new_vial", "details": {"channel": 1, "asked": 19.0}}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    findings = found(book, "orders")
    assert any("arm moved in ledger line 2" in one for one in findings)
    assert any("the action was new_vial" in one for one in findings)
    assert any("volume was ordered as 20.0 and moved as 19.0" in one for one in findings)


def test_set_points_that_lost_digits_on_the_wire_are_the_same(book):
    """32-bit floats keep seven digits."""
    path = book.state / "simulator" / "ledger.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1]["details"] = {"channel": 1, "asked": 20.0000019}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert found(book, "orders") == []


def test_a_ledger_with_a_missing_line_is_found(book):
    """Its numbers are dense."""
    path = book.state / "simulator" / "ledger.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:3] + lines[4:]))
    assert any("lines are missing" in one for one in found(book, "actuations"))


def test_a_ledger_line_that_a_power_cut_cut_short_counts_as_not_written(book):
    """The act never took effect."""
    with (book.state / "simulator" / "ledger.jsonl").open("a") as file:
        file.write('{"number": 9, "instrum')
    assert audit(book.state).agrees


def test_a_real_laboratory_without_a_ledger_is_audited_without_it(book):
    """The checks say that they were not put."""
    (book.state / "simulator" / "ledger.jsonl").unlink()
    report = audit(book.state)
    assert report.agrees
    assert report.n_moved is None
    assert "not compared: no ledger" in report.to_text()


def test_a_simulated_laboratory_without_its_ledger_is_a_finding(book):
    """Then it was removed."""
    (book.state / "simulator" / "ledger.jsonl").unlink()
    simulated = LABORATORY.model_copy(update={"simulation": SimulationDeclaration(world="replay", seed=1)})
    book.add("recorder", life.LabChanged(laboratory=simulated, file=book.blobs.put(b"x"), version="0.1.0"))
    assert found(book, "actuations") == ["simulator/ledger.jsonl is missing, although this laboratory is simulated"]


def test_a_task_without_an_outcome_is_found_once_no_campaign_is_open(book):
    """While one is open, it is in flight."""
    again = PLAN.model_copy(update={"name": "second", "budget": Budget(samples=2)})
    begin = book.add("supervision", course.CampaignStarted(plan=again, person="ada"), campaign="second")
    book.add("line", work.TaskStarted(task=task_of("begun", DOSES[:1])), cause=begin)
    report = audit(book.state)
    assert report.agrees
    assert report.n_in_flight == 1
    done = course.CampaignFinished(reason="aborted", n_made=0, n_observed=0, n_failed=0)
    book.add("supervision", done, cause=begin, campaign="second")
    assert "has no outcome" in found(book, "endings")[0]


def test_two_acts_with_one_token_are_found(book):
    """A task that was started again with other acts."""
    task = task_of("make-first-0001", (Act(instrument="dispenser", plan="dose", arguments={"volume": 1.0}),))
    book.add("line", work.TaskStarted(task=task))
    assert any("two different acts" in one for one in found(book, "actuations"))


def test_a_changed_log_is_found(book):
    """One byte of one entry."""
    with closing(sqlite3.connect(book.path)) as database, database:
        database.execute("UPDATE log SET entry = CAST(replace(entry, 'o', '0') AS BLOB) WHERE position = 5")
    database.close()
    assert any("position 5" in one for one in found(book, "log"))


def test_a_missing_and_a_changed_blob_are_found(book):
    """By reading each one and computing its hash."""
    first, second = sorted(book.state.rglob("blobs/*/*"))[:2]
    first.unlink()
    second.write_bytes(b"something else")
    findings = found(book, "blobs")
    assert any("is missing" in one for one in findings)
    assert any("holds other content" in one for one in findings)


def test_documents_that_are_no_whole_run_are_found(book):
    """A run without its stop document, and one of another uid."""
    whole = b'{"name": "start", "doc": {"uid": "other", "time": 1.0}}\n'
    acts = (DOSES[0],)
    for name, documents in (("cut", whole), ("empty", b"")):
        task = task_of(name, acts)
        result = result_of(task, 0).model_copy(update={"run": name, "blobs": {"documents": book.blobs.put(documents)}})
        fail(book, task, results=(result,))
    findings = found(book, "documents")
    assert "run cut not one whole run from start to stop, but start" in findings
    assert "run empty not one whole run from start to stop, but nothing" in findings


def observe(book, **changes) -> int:
    """A third observation, like the first but for `changes`."""
    first = next(one for one in book_observations(book))
    return book.add("analysis", course.ObservationMade(observation=first.model_copy(update=changes)), cause=999)


def book_observations(book):
    """The observations of the campaign."""
    with StoreReader(book.path) as reader:
        return [one.entry.record.observation for one in reader.entries(("ObservationMade",))]


def test_a_measurement_observed_twice_is_found(book):
    """Unless one of the two was retracted."""
    observe(book, value=0.5)
    assert any("was observed 2 times" in one for one in found(book, "observations"))
    gone = course.ObservationRetracted(sample="first-0001", measurement="measure-first-0001-1/m", reason="wrong")
    book.add("supervision", gone)
    assert not any("was observed" in one for one in found(book, "observations"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"measurement": "nowhere"}, "measurement nowhere is not in the log"),
        ({"sample": "first-0002"}, "its measurement is of sample first-0001"),
        ({"sample": "nobody"}, "sample nobody was never made"),
        ({"raw": "0" * 64}, "are not those of its measurement"),
    ],
)
def test_an_observation_that_leads_nowhere_is_found(book, changes, sentence):
    """Each link of the chain from value to recipe."""
    observe(book, **changes)
    assert any(sentence in one for one in found(book, "lineage"))


def test_a_measurement_that_nobody_looked_at_is_found(book):
    """Unless analysis said why: the entry that its measurement caused."""
    blob = book.blobs.put(b"raw")
    taken = Measurement(
        id="m-9",
        sample="first-0001",
        work="measure-first-0001-2",
        instrument="lamp",
        kind="transmission_trace",
        raw=blob,
        documents=blob,
        run="r",
        taken_at=START,
    )
    cause = book.add("tester", work.MeasurementTaken(measurement=taken))
    assert found(book, "observations") == ["m-9 was never observed, and no analysis says why"]
    again = course.RemeasureRequested(sample="first-0001", measurement="m-9", reason="too noisy")
    book.add("analysis", again, cause=cause)
    assert found(book, "observations") == []


def test_a_measurement_taken_twice_is_found(book):
    """The same id under two positions."""
    task = task_of("extra", DOSES[:1])
    cause, _ = do_task(book, task, 1)
    with StoreReader(book.path) as reader:
        taken = next(reader.entries(("MeasurementTaken",))).entry.record
    book.add("tester", taken, cause=cause)
    assert any("was taken 2 times" in one for one in found(book, "observations"))


def test_a_folder_without_a_store_is_refused(tmp_path):
    """With what to do next."""
    with pytest.raises(StoreError, match="--state"):
        audit(tmp_path)


def test_an_audit_writes_nothing(book):
    """It may run beside a working laboratory."""
    before = {path: path.stat().st_mtime_ns for path in book.state.rglob("*") if not path.name.endswith(("-shm",))}
    audit(book.state)
    after = {path: path.stat().st_mtime_ns for path in book.state.rglob("*") if not path.name.endswith(("-shm",))}
    assert after == before
