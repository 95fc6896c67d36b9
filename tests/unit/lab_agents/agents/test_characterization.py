"""A station that measures."""

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.characterization import Characterization
from lab_agents.messages.course import WorkAwarded
from lab_agents.messages.work import (
    BidMade,
    BidRefused,
    MeasurementTaken,
    ReservationMade,
    ReservationReleased,
    SampleQuarantined,
    TaskDone,
    TaskFailed,
    TaskStarted,
)
from lab_agents.records.failure import BY_KIND
from lab_agents.records.recipe import ActResult
from tests.model_lab import START, sha
from tests.story import Story, sample

WORK = "measure-opv-0001-1"


def offered(**changes) -> tuple[Story, tuple]:
    """A station to which a film is offered, and what it says."""
    story = Story(Characterization("tester"))
    story.begin(**changes)
    return story, story.tell("line_a", sample())


def soaking() -> Story:
    """A station whose soak is about to move."""
    story, _ = offered()
    award = WorkAwarded(work=WORK, round=1, bidder="tester", bid=3, score=1.0, reason="r")
    (accepted,) = story.tell("planning", award)
    (request,) = story.tell("tester", accepted)
    story.tell("tester", request)
    places = {"stage": "stage_t", "home": "rack_1"}
    story.tell("robot", ReservationMade(work=WORK, sample="opv-0001", holder="tester", places=places))
    (started,) = story.tell(
        "robot", TaskDone(task=f"{WORK}/0", work=WORK, sample="opv-0001", step=0, owner="robot", results=())
    )
    assert isinstance(started, TaskStarted)
    story.tell("tester", started)
    return story


def unload(story: Story):
    """The robot carries the film home."""
    done = TaskDone(task=f"{WORK}/2", work=WORK, sample="opv-0001", step=2, owner="robot", results=())
    return story.tell("robot", done)


def test_a_film_is_loaded_soaked_and_carried_home():
    _, (bid,) = offered()
    assert isinstance(bid, BidMade)
    assert [(s.name, s.owner) for s in bid.bid.recipe.steps] == [
        ("load", "robot"),
        ("measure", "tester"),
        ("unload", "robot"),
    ]
    assert {n.role: n.place for n in bid.bid.recipe.needs} == {"stage": "stage_t", "home": "rack_1"}


def test_carrying_and_measuring_are_tried_again_as_their_kinds_are():
    _, (bid,) = offered()
    steps = bid.bid.recipe.steps
    assert [s.task_kind for s in steps] == ["transfer", "measure", "transfer"]
    assert [s.on_failure for s in steps] == [BY_KIND[s.task_kind] for s in steps]


def test_a_station_of_another_kind_is_silent():
    assert offered(measurements=("diffraction",))[1] == ()


def test_a_film_whose_place_is_unknown_is_refused():
    story = Story(Characterization("tester"))
    story.begin()
    (refused,) = story.tell("line_a", sample(place=None))
    assert isinstance(refused, BidRefused)
    assert refused.code == "no_place"


def test_the_measurement_comes_from_the_soak_and_the_work_ends_at_home():
    story = soaking()
    blobs = {"raw": sha("raw"), "documents": sha("documents")}
    result = ActResult(
        act=0, token="0" * 16, run="uid", readings={"tau": 9.0}, blobs=blobs, started_at=START, ended_at=START
    )
    (draft,) = story.conclude(story.state.jobs()[0], JobOutcome(ok=True, results=(result,)))
    (taken,) = story.tell("tester", draft.body)
    assert isinstance(taken, MeasurementTaken)
    measurement = taken.measurement
    assert (measurement.raw, measurement.run, measurement.kind) == (sha("raw"), "uid", "transmission_trace")
    assert measurement.settings == {"exposure": 3600.0, "tau": 9.0}
    (released,) = unload(story)
    assert isinstance(released, ReservationReleased)


def test_a_film_whose_soak_failed_is_carried_home_and_quarantined():
    story = soaking()
    (draft,) = story.conclude(story.state.jobs()[0], JobOutcome(ok=False, error="lamp"))
    assert isinstance(draft.body, TaskFailed)
    assert story.tell("tester", draft.body) == ()
    quarantined, _, released = unload(story)
    assert isinstance(quarantined, SampleQuarantined)
    assert (quarantined.places, "lamp" in quarantined.reason) == ((), True)
    assert isinstance(released, ReservationReleased)


def test_a_film_whose_soak_is_unknown_stays_on_the_stage():
    story = soaking()
    (draft,) = story.conclude(story.state.jobs()[0], JobOutcome(ok=False, error="?", unknown=("0" * 16,)))
    quarantined, trouble, _ = story.tell("tester", draft.body)
    assert quarantined.places == ("stage_t",)
    assert trouble.trouble.default == "clear"
