"""Measurements become observations."""

from lab_agents.agents.analysis import Analysis
from lab_agents.agents.behaviour import JobOutcome
from lab_agents.messages.course import MeasurementConcluded, ObservationMade, RemeasureRequested
from lab_agents.messages.life import EntryRefused, LabOpened, TroubleMet
from lab_agents.messages.work import MeasurementTaken
from lab_agents.records.measurement import Measurement
from lab_agents.records.observation import Unread
from lab_agents.records.questions import AnalyseArguments, AnalysisFailed, Found, Remeasure
from lab_agents.records.stock import Standard
from tests.model_lab import START, analyse, laboratory, sha
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


def measured(number: int = 1, **changes) -> Story:
    """An analysis agent with one measurement to analyse, of a campaign with these changes."""
    story = Story(Analysis("analysis"))
    story.begin(**changes)
    story.tell("line_a", sample())
    assert story.tell("tester", taken(number), subject="opv-0001") == ()
    return story


def answered(story: Story, answer) -> tuple:
    """What comes of an answer, and the job is closed by it."""
    (job,) = story.state.jobs()
    outcome = answer if isinstance(answer, JobOutcome) else JobOutcome(ok=True, answer=answer.model_dump_json())
    drafts = story.conclude(job, outcome)
    for draft in drafts:
        assert (draft.subject, draft.campaign) == ("opv-0001", "opv")
        story.tell("analysis", draft.body, cause=job.cause)
    assert story.state.jobs() == ()
    return tuple(draft.body for draft in drafts)


def test_an_observation_carries_the_composition_as_made():
    story = measured()
    (job,) = story.state.jobs()
    question = AnalyseArguments.model_validate_json(job.arguments)
    assert (question.property, question.made) == ("degradation", sample().sample.made)
    seen, last = answered(story, analyse(question))
    assert isinstance(seen, ObservationMade)
    assert last == MeasurementConcluded(sample="opv-0001", measurement="measure-opv-0001-1", n_observed=1)


def test_a_sample_is_measured_three_times_at_most():
    story = measured()
    for number in (2, 3):
        (again,) = answered(story, Remeasure(remeasure="noisy"))
        assert isinstance(again, RemeasureRequested)
        story.tell("tester", taken(number), subject="opv-0001")
    last, trouble = answered(story, Remeasure(remeasure="noisy"))
    assert (last.n_observed, last.unread[0].reason) == (0, "noisy (after 3 measurements)")
    assert isinstance(trouble, TroubleMet)


def test_a_failed_analysis_is_the_last_word_and_trouble():
    for answer in (AnalysisFailed(failed="no decay"), JobOutcome(ok=False, error="no decay")):
        last, trouble = answered(measured(), answer)
        assert (last.n_observed, last.unread[0].property) == (0, "transmission_trace")
        assert "no decay" in trouble.trouble.what


def test_a_sample_is_let_go_with_its_last_conclusion():
    story = measured()
    assert story.state.samples.keys() == story.state.taken.keys() == {"opv-0001"}
    answered(story, Found(unread=(unread("gap"),)))
    assert not story.state.samples
    assert not story.state.taken


def test_a_later_step_is_concluded_beside_the_earlier_one_of_its_kind():
    story = measured(measurements=("transmission_trace", "transmission_trace"))
    answered(story, Found(unread=(unread("gap"),)))
    after = taken(2)
    after = after.model_copy(update={"measurement": after.measurement.model_copy(update={"step": 1})})
    story.tell("tester", after, subject="opv-0001")
    question = AnalyseArguments.model_validate_json(story.state.jobs()[0].arguments)
    assert (question.earlier["before"].id, question.attempt) == ("measure-opv-0001-1", 1)


def unread(name: str) -> Unread:
    """A property that could not be read."""
    return Unread(sample="opv-0001", measurement="m", property=name, reason="no edge", made=sample().sample.made)


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


def test_a_measurement_leans_on_the_standard_that_was_looked_at_last():
    glass = Standard(name="glass", kind="blank", place="rack_9")
    lab = laboratory().model_copy(update={"standards": (glass,)})
    story = Story(Analysis("analysis"))
    story.tell("recorder", LabOpened(laboratory=lab, file="0" * 64, version="1"))
    story.begin()
    story.tell("line_a", sample())
    check = taken()
    of_glass = check.measurement.model_copy(update={"id": "check-glass-opv-1", "sample": "glass"})
    assert story.tell("tester", check.model_copy(update={"measurement": of_glass}), subject="glass") == ()
    assert story.state.jobs() == ()
    story.tell("tester", taken(), subject="opv-0001")
    question = AnalyseArguments.model_validate_json(story.state.jobs()[0].arguments)
    assert question.earlier["blank"].sample == "glass"
