"""The robot lends places and carries samples."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.service import Service
from lab_agents.messages.course import CampaignClosing, TicketClosed
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.messages.work import (
    ReservationMade,
    ReservationRefused,
    ReservationReleased,
    ReservationRequested,
    SampleMoved,
    SampleQuarantined,
    TaskDone,
    TaskFailed,
    TaskStarted,
)
from lab_agents.records.recipe import Need, Recipe, Step, Transfer
from tests.model_lab import laboratory, sha
from tests.story import Story


def request(number: int, stage: str = "stage_a") -> ReservationRequested:
    """Places for making a film: a stage and any rack place; the robot shelves it."""
    shelve = Step(name="shelve", owner="robot", transfer=Transfer(source="stage", target="rack"))
    needs = (Need(role="stage", place=stage), Need(role="rack", kind="rack"))
    return ReservationRequested(
        work=f"make-opv-{number:04d}",
        sample=f"opv-{number:04d}",
        service="robot",
        needs=needs,
        recipe=Recipe(steps=(shelve,), needs=needs),
    )


@settings(max_examples=20)
@given(stages=st.lists(st.sampled_from(["stage_a", "stage_b", "stage_t"]), min_size=1, max_size=12))
def test_requests_that_come_before_any_answer_never_get_one_place_twice(stages):
    """Every request is handled before the first `ReservationMade` has a position."""
    story = Story(Service("robot"))
    made = [b for i, stage in enumerate(stages) for b in story.tell("line_a", request(i, stage))]
    grants = [place for body in made if isinstance(body, ReservationMade) for place in body.places.values()]
    assert len(grants) == len(set(grants)) == 2 * len(set(stages))


@settings(max_examples=20)
@given(order=st.permutations(range(6)), n_rack=st.integers(1, 6))
def test_places_given_back_go_to_the_first_who_waits(order, n_rack):
    """Grants of one stage come in log order, whatever is released when."""
    story = Story(Service("robot"), laboratory(n_rack))
    granted = [b.work for i in order for b in story.tell("line_a", request(i)) if isinstance(b, ReservationMade)]
    while granted and len(granted) < 6:
        grant = story.state.places.grants[granted[-1]]
        released = ReservationReleased(work=grant.work, places=tuple(grant.places.values()))
        granted += [b.work for b in story.tell("line_a", released) if isinstance(b, ReservationMade)]
    assert granted == [f"make-opv-{i:04d}" for i in order]


def test_a_transfer_runs_from_task_started_to_sample_moved():
    story = Story(Service("robot"))
    (made,) = story.tell("line_a", request(1))
    (started,) = story.tell("robot", made)
    assert isinstance(started, TaskStarted)
    assert started.task.acts[0].arguments == {"source": "stage_a", "target": "rack_1"}
    assert story.state.jobs() == ()
    story.tell("robot", started)
    (job,) = story.state.jobs()
    moved, done = (draft.body for draft in story.conclude(job, JobOutcome(ok=True)))
    assert isinstance(moved, SampleMoved)
    story.tell("robot", moved)
    story.tell("robot", done)
    assert story.state.jobs() == ()
    story.tell("line_a", ReservationReleased(work="make-opv-0001", places=("stage_a", "rack_1")))
    assert story.state.places.occupied == {"rack_1": "opv-0001"}
    assert story.state.courses == {}


def test_one_transfer_runs_at_a_time():
    story = Story(Service("robot"))
    (first,) = story.tell("line_a", request(1, "stage_a"))
    (second,) = story.tell("line_b", request(2, "stage_b"))
    assert len(story.tell("robot", first)) == 1
    assert story.tell("robot", second) == ()
    assert story.state.waits() == {"make-opv-0002": "waiting for the transfer before it"}


def test_a_request_for_a_place_that_does_not_exist_is_refused():
    story = Story(Service("robot"))
    (refused,) = story.tell("line_a", request(1, "stage_x"))
    assert isinstance(refused, ReservationRefused)
    assert "no place stage_x" in refused.reason


def test_a_full_rack_is_trouble_once_and_is_emptied_by_a_person():
    story = Story(Service("robot"), laboratory(1))
    (made,) = story.tell("line_a", request(1))
    story.tell("robot", made)
    story.tell("robot", SampleMoved(sample="opv-0001", source="stage_a", target="rack_1"))
    (trouble,) = story.tell("line_a", ReservationReleased(work=made.work, places=("stage_a", "rack_1"))) or story.tell(
        "line_b", request(2)
    )
    assert isinstance(trouble, TroubleMet)
    assert story.tell("line_b", request(3, "stage_b")) == ()
    story.tell("line_a", SampleQuarantined(sample="opv-0001", work="measure-opv-0001-1", reason="r"))
    said = story.tell("supervision", TicketClosed(ticket="ticket-9", answer="emptied", person="ada"), subject="rack")
    assert [b.work for b in said if isinstance(b, ReservationMade)] == ["make-opv-0002"]


def test_a_closing_campaign_gives_up_what_no_free_place_can_satisfy():
    story = Story(Service("robot"), laboratory(1))
    story.tell("line_a", request(1))
    story.tell("line_b", request(2, "stage_b"))
    (refused,) = story.tell("supervision", CampaignClosing(reason="r"))
    assert (type(refused), refused.work) == (ReservationRefused, "make-opv-0002")
    (again,) = story.tell("line_b", request(3, "stage_b"))
    assert isinstance(again, ReservationRefused)


def test_a_lost_sample_blocks_its_places_until_the_robot_has_looked():
    """`clear` after a failed shelving: nothing stands on the stage, so the film is in the rack."""
    story = Story(Service("robot"))
    (made,) = story.tell("line_a", request(1))
    story.tell("robot", made)
    places = ("stage_a", "rack_1")
    story.tell("line_a", SampleQuarantined(sample="opv-0001", work=made.work, reason="r", places=places))
    story.tell("line_a", ReservationReleased(work=made.work, places=places))
    assert story.tell("line_a", request(2)) == ()
    assert "blocked" in story.state.waits()["stage_a"]
    (clear,) = story.tell("supervision", TicketClosed(ticket="t", answer="clear", person="ada"), subject="opv-0001")
    (granted,) = story.tell("robot", clear, subject="opv-0001")
    (started,) = story.tell("robot", granted)
    story.tell("robot", started)
    (failed,) = (
        d.body
        for d in story.conclude(story.state.jobs()[0], JobOutcome(ok=False, error="empty", moved=False, blocked=True))
    )
    assert isinstance(failed, TaskFailed)
    (released,) = story.tell("robot", failed)
    assert story.state.places.occupied == {"rack_1": "opv-0001"}
    (next_made,) = story.tell("robot", released)
    assert next_made.places == {"stage": "stage_a", "rack": "rack_2"}


def test_work_on_a_lost_sample_is_refused_whether_it_waits_or_comes():
    """The next measurement is asked for while the sample is on its way back from the one before."""
    story = Story(Service("robot"))
    (made,) = story.tell("line_a", request(1))
    home = (Need(role="stage", place="stage_t"), Need(role="home", place=made.places["rack"]))
    waiting = request(1).model_copy(update={"work": "measure-opv-0001-1", "needs": home})
    assert story.tell("tester", waiting) == ()
    lost = SampleQuarantined(sample="opv-0001", work=made.work, reason="r", places=tuple(made.places.values()))
    (refused,) = story.tell("line_a", lost)
    assert isinstance(refused, ReservationRefused)
    assert refused.reason == "opv-0001 is lost: it may stand in stage_a or rack_1"
    late = waiting.model_copy(update={"work": "measure-opv-0001-2"})
    (refused,) = story.tell("tester", late)
    assert (refused.work, story.state.places.waiting) == ("measure-opv-0001-2", {})


def test_a_refused_grant_is_taken_back():
    story = Story(Service("robot"))
    story.tell("line_a", request(1))
    refused = EntryRefused(source="robot", sequence=1, reason="r", raw=sha("x"), refused_id=f"robot/{story.position}/0")
    (said,) = story.tell("recorder", refused)
    assert isinstance(said, ReservationRefused)
    assert story.state.places.grants == {}


def test_a_done_task_of_another_step_changes_nothing():
    story = Story(Service("robot"))
    (made,) = story.tell("line_a", request(1))
    story.tell("robot", made)
    before = story.state.courses
    done = TaskDone(task="make-opv-0001/5", work="make-opv-0001", sample="s", step=5, owner="line_a", results=())
    story.tell("line_a", done)
    assert story.state.courses == before
