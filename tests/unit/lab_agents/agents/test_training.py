"""Observations become models."""

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.training import Training
from lab_agents.messages.course import (
    CampaignFinished,
    MeasurementConcluded,
    ModelTrained,
    ObservationMade,
    ObservationRetracted,
)
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.records.observation import Observation, Unread
from lab_agents.records.questions import TrainArguments
from tests.model_lab import sha, train
from tests.story import Story, sample


def observation(number: int) -> ObservationMade:
    """The value of a film."""
    return ObservationMade(
        observation=Observation(
            sample=f"opv-{number:04d}",
            measurement=f"m{number}",
            property="degradation",
            value=0.1 * number,
            deviation=0.01,
            unit="1",
            made=sample(number).sample.made,
            raw=sha("raw"),
            analysis="trace",
            version="1",
        )
    )


def observed(*numbers: int) -> Story:
    """A training agent that was told these observations, in this order."""
    story = Story(Training("training"))
    story.begin()
    for number in numbers:
        story.tell("analysis", observation(number), subject=f"opv-{number:04d}")
        story.tell("analysis", concluded(number), subject=f"opv-{number:04d}")
    return story


def concluded(number: int, **changes) -> MeasurementConcluded:
    """The last word on a film's measurement."""
    return MeasurementConcluded(
        **{"sample": f"opv-{number:04d}", "measurement": f"m{number}", "n_observed": 1} | changes
    )


def question(story: Story) -> TrainArguments:
    """What the present job asks."""
    return TrainArguments.model_validate_json(story.state.jobs()[0].arguments)


def finish(story: Story) -> None:
    """Bring the present job's model back."""
    (job,) = story.state.jobs()
    (draft,) = story.conclude(job, JobOutcome(ok=True, answer=train(question(story)).model_dump_json()))
    assert isinstance(draft.body, ModelTrained)
    assert draft.subject == job.subject
    story.tell("training", draft.body, cause=job.cause, subject=draft.subject)


def test_each_observation_is_trained_on_in_order():
    story = observed(2, 1)
    assert [o.sample for o in question(story).observations] == ["opv-0002"]
    finish(story)
    assert [o.sample for o in question(story).observations] == ["opv-0001", "opv-0002"], "sorted by sample"
    finish(story)
    assert story.state.jobs() == ()


def test_a_sample_is_learned_whole_and_once():
    story = Story(Training("training"))
    story.begin(measurements=("transmission_trace", "transmission_trace"))
    story.tell("analysis", observation(1), subject="opv-0001")
    story.tell("analysis", concluded(1), subject="opv-0001")
    assert story.state.jobs() == ()
    unread = Unread(sample="opv-0001", measurement="m1b", property="gap", reason="no edge", made=sample(1).sample.made)
    last = concluded(1, step=1, measurement="m1b", n_observed=0, unread=(unread,))
    story.tell("analysis", last, subject="opv-0001")
    asked = question(story)
    assert ([o.property for o in asked.observations], [u.property for u in asked.unread]) == (["degradation"], ["gap"])


def test_a_sample_of_which_nothing_could_be_read_teaches_nothing():
    story = Story(Training("training"))
    story.begin()
    story.tell("analysis", concluded(1, n_observed=0), subject="opv-0001")
    assert story.state.jobs() == ()


def test_a_retracted_observation_leads_to_a_model_without_it():
    story = observed(1, 2)
    finish(story)
    finish(story)
    story.tell("supervision", ObservationRetracted(sample="opv-0001", measurement="m1", reason="r"))
    assert [o.sample for o in question(story).observations] == ["opv-0002"]


def test_no_observation_is_nothing_to_train_on():
    story = observed(1)
    finish(story)
    story.tell("supervision", ObservationRetracted(sample="opv-0001", measurement="m1", reason="r"))
    assert story.state.jobs() == ()


def test_a_failed_training_is_trouble_of_its_sample():
    story = observed(1)
    (job,) = story.state.jobs()
    (draft,) = story.conclude(job, JobOutcome(ok=False, error="singular"))
    assert isinstance(draft.body, TroubleMet)
    story.tell("training", draft.body, cause=job.cause)
    assert story.state.jobs() == ()


def test_a_refused_model_is_trouble_of_its_sample():
    story = observed(1)
    refused = EntryRefused(
        source="training", sequence=1, reason="r", raw=sha("x"), refused_id=f"training/{story.position}/train/0"
    )
    assert [type(b) for b in story.tell("recorder", refused)] == [TroubleMet]


def test_a_finished_campaign_is_forgotten():
    story = observed(1)
    finish(story)
    story.tell("supervision", CampaignFinished(reason="r", n_made=1, n_observed=1, n_failed=0))
    assert story.state == Training("training").start()


def test_a_burst_of_retractions_is_fitted_once():
    """What has begun is finished; of those that wait the last knows everything."""
    story = observed(1, 2, 3)
    for _ in range(3):
        finish(story)
    for number in (1, 2):
        story.tell("supervision", ObservationRetracted(sample=f"opv-000{number}", measurement=f"m{number}", reason="r"))
    story.tell("supervision", ObservationRetracted(sample="opv-0009", measurement="m9", reason="r"))
    assert len(story.state.open) == 2
    finish(story)
    assert [o.sample for o in question(story).observations] == ["opv-0003"]
