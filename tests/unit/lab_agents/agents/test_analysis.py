"""Measurements become observations."""

import pytest

from lab_agents.agents.analysis import Analysis
from lab_agents.agents.behaviour import JobOutcome
from lab_agents.messages.course import ObservationMade, RemeasureRequested
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.messages.work import MeasurementTaken
from lab_agents.records.measurement import Measurement
from lab_agents.records.questions import AnalyseArguments, AnalysisFailed, Remeasure
from tests.model_lab import START, analyse, sha
from tests.story import Story, sample


def taken(number: int = 1) -> MeasurementTaken:
    """The raw data of the first film, measured for the nth time."""
    work = f"measure-opv-0001-{number}"
    measurement = Measurement(
        id=work,
        sample="opv-0001",
        work=work,
        instrument="tester",
        kind="transmission_trace",
        raw=sha("raw"),
        documents=sha("documents"),
        run="uid",
        taken_at=START,
    )
    return MeasurementTaken(measurement=measurement)


def measured(number: int = 1) -> Story:
    """An analysis agent with one measurement to analyse."""
    story = Story(Analysis("analysis"))
    story.begin()
    story.tell("line_a", sample())
    assert story.tell("tester", taken(number), subject="opv-0001") == ()
    return story


def answered(story: Story, answer) -> object:
    """What comes of an answer, and the job is closed by it."""
    (job,) = story.state.jobs()
    outcome = answer if isinstance(answer, JobOutcome) else JobOutcome(ok=True, answer=answer.model_dump_json())
    (draft,) = story.conclude(job, outcome)
    assert (draft.subject, draft.campaign) == ("opv-0001", "opv")
    story.tell("analysis", draft.body, cause=job.cause)
    assert story.state.jobs() == ()
    return draft.body


def test_an_observation_carries_the_composition_as_made():
    story = measured()
    (job,) = story.state.jobs()
    question = AnalyseArguments.model_validate_json(job.arguments)
    assert (question.property, question.made) == ("degradation", sample().sample.made)
    body = answered(story, analyse(question))
    assert isinstance(body, ObservationMade)


@pytest.mark.parametrize(("number", "kind"), [(1, RemeasureRequested), (2, RemeasureRequested), (3, TroubleMet)])
def test_a_sample_is_measured_three_times_at_most(number, kind):
    assert isinstance(answered(measured(number), Remeasure(remeasure="noisy")), kind)


def test_a_failed_analysis_is_trouble():
    for answer in (AnalysisFailed(failed="no decay"), JobOutcome(ok=False, error="no decay")):
        body = answered(measured(), answer)
        assert isinstance(body, TroubleMet)
        assert "no decay" in body.trouble.what


def test_a_measurement_of_an_unknown_sample_is_trouble():
    story = Story(Analysis("analysis"))
    (body,) = story.tell("tester", taken())
    assert isinstance(body, TroubleMet)


def test_a_refused_conclusion_closes_the_job_with_trouble_of_the_sample():
    story = measured()
    (job,) = story.state.jobs()
    refused = EntryRefused(
        source="analysis", sequence=1, reason="r", raw=sha("x"), refused_id=f"analysis/{job.cause}/analyse/0"
    )
    assert [type(b) for b in story.tell("recorder", refused)] == [TroubleMet]
    assert story.state.jobs() == ()
