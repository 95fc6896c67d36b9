"""Whole campaigns of every behaviour, written into a real store: replayed, audited for their lineage, summed up."""

from pathlib import Path

import pytest

from lab_agents.assembly import behaviour_of
from lab_agents.audit import audit
from lab_agents.messages.commands import StartCampaign
from lab_agents.messages.course import ObservationMade
from lab_agents.messages.frames import Header
from lab_agents.messages.work import SampleMade
from lab_agents.records.questions import AnalyseArguments, AskArguments, TrainArguments
from lab_agents.records.recipe import Task
from lab_agents.replay import replay
from lab_agents.store.maintenance import rebuild_store
from lab_agents.store.projections import project
from lab_agents.store.reader import StoreReader
from lab_agents.store.writer import LogWriter, Offered, SourceState
from tests.model_lab import START, ModelLab, analyse, ask, laboratory, plan, train

ARGUMENTS = {"ask": AskArguments, "analyse": AnalyseArguments, "train": TrainArguments}


def run_job(name, arguments, blobs):
    """The model laboratory's own jobs, as a worker would run them."""
    job = {"ask": ask, "analyse": analyse, "train": train}[name]
    return job(ARGUMENTS[name].model_validate_json(arguments)).model_dump_json()


def one_unknown(task: Task, act: int) -> str:
    """One dose of one sample of which nobody can say whether it happened."""
    return "unknown" if task.id == "make-opv-0002/0" and act == 1 else ""


def write(model: ModelLab, state: Path) -> None:
    """Put the model's log into a store, as its recorder would."""
    writer = LogWriter(state / "store.sqlite", "opv", project)
    for logged in model.log:
        seal = logged.seal
        header = Header(source=seal.source, epoch=1, sequence=seal.sequence)
        offered = Offered(header, logged.entry, logged.entry.to_bytes())
        writer.append([offered], {seal.source: SourceState(1, 0, seal.sequence)}, START)
    writer.close()


@pytest.fixture(params=[0, 1, 2])
def model(request, tmp_path) -> ModelLab:
    """A finished campaign in which agents met in another order each time, and one sample was lost."""
    model = ModelLab(laboratory(), request.param, one_unknown)
    model.say("once-1", StartCampaign(plan=plan(n=5, seed=request.param), person="ada"), "opv")
    model.run()
    write(model, tmp_path)
    return model


def test_every_decision_of_every_agent_is_taken_again_the_same(model, tmp_path):
    """Planning, lines, robot, tester, analysis, training, supervision and the simulated person."""
    report = replay(tmp_path, behaviour_of, run_job)
    assert not report.differences, report.to_text()
    assert not report.in_flight
    assert {one.agent for one in report.stretches} >= {"planning", "line_a", "robot", "tester", "supervision"}
    assert sum(one.n_computed for one in report.stretches) > 5


def test_a_log_that_was_cut_off_anywhere_has_no_differences(model, tmp_path):
    """What an agent was about to submit is in flight."""
    for length in (len(model.log) // 3, len(model.log) // 2, len(model.log) - 5):
        model.log = model.log[:length]
        state = tmp_path / str(length)
        state.mkdir()
        write(model, state)
        report = replay(state, behaviour_of, run_job)
        assert not report.differences, report.to_text()


def test_every_observation_leads_back_to_all_that_it_rests_on(model, tmp_path):
    """With the entries that the agents themselves write."""
    report = audit(tmp_path)
    findings = {check.name: check.findings for check in report.checks}
    for name in ("log", "endings", "observations", "lineage"):
        assert findings[name] == (), report.to_text()
    assert report.n_unknown == 1


def test_the_queried_tables_say_what_the_log_says(model, tmp_path):
    """Samples, observations, work; before and after a rebuild."""
    for _ in range(2):
        with StoreReader(tmp_path / "store.sqlite") as reader:
            samples = reader.samples("opv")
            made = {one.sample for one in samples if one.made is not None}
            observed = {one.sample: one.observation for one in samples if one.observation is not None}
            assert made == {body.sample.id for body in model.bodies(SampleMade)}
            assert observed == {b.observation.sample: b.observation for b in model.bodies(ObservationMade)}
            states = {one.work: one.state for one in reader.work()}
            assert states.pop("make-opv-0002") == "failed"
            assert set(states.values()) == {"done"}
            assert [one.state for one in reader.campaigns()] == ["finished"]
            assert all(one.place == model_place(model, one.sample) for one in samples if one.made is not None)
        assert rebuild_store(tmp_path / "store.sqlite") == len(model.log)


def model_place(model: ModelLab, sample: str) -> str | None:
    """Where the model's world has the sample."""
    return next((place for place, other in model.world.standing.items() if other == sample), None)
