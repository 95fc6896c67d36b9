from lab_agents.messages import course
from lab_agents.records.observation import Observation
from lab_agents.store.gathering import gather_campaigns, gather_samples, gather_work
from lab_agents.store.opening import open_read_only, snapshot
from tests.small_campaign import PLAN


def second_value(book) -> Observation:
    """Another observation of the first sample, from another measurement."""
    sample = next(one for one in samples(book) if one.sample == "first-0001")
    return sample.observation.model_copy(update={"measurement": "measure-first-0001-2/m", "value": 0.9})


def samples(book, campaign=None):
    """Every sample as the store tells it."""
    with snapshot(open_read_only(book.path), book.path) as connection:
        return gather_samples(connection, campaign)


def test_the_newest_observation_counts_and_the_others_stay_visible(book):
    """In log order."""
    book.add("analysis", course.ObservationMade(observation=second_value(book)), cause=book.writer.position)
    first = samples(book)[0]
    assert len(first.observations) == 2
    assert first.observation.value == 0.9


def test_campaigns_are_told_apart(book, engine):
    """Counts and samples of one do not show in another."""
    other = PLAN.model_copy(update={"name": "second"})
    book.add("supervision", course.CampaignStarted(plan=other, person="ada"), campaign="second")
    with engine.connect() as connection:
        first, second = gather_campaigns(connection)
        assert (first.n_made, second.n_made, second.state) == (2, 0, "running")
        assert gather_samples(connection, "second") == ()
        assert gather_work(connection, "second") == ()
