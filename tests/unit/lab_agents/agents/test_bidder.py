"""What lines and stations share."""

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.synthesis import Synthesis
from lab_agents.messages.commands import GiveApproval
from lab_agents.messages.course import AwardWithdrawn, CampaignClosing, WorkAwarded
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.messages.work import (
    AwardAccepted,
    AwardDeclined,
    BidMade,
    ReservationMade,
    ReservationRefused,
    ReservationReleased,
    ReservationRequested,
    SampleQuarantined,
    TaskFailed,
    TaskStarted,
)
from tests.model_lab import laboratory, sha
from tests.story import Story, proposal

BLEND = (0.5, 0.5, 0.0, 0.0)


def offered(n: int = 1, ink: float = 20000.0) -> Story:
    """A line to which n films are offered."""
    lab = laboratory()
    stocks = tuple(c.model_copy(update={"amount": ink}) if c.name == "inks_a" else c for c in lab.consumables)
    story = Story(Synthesis("line_a"), lab.model_copy(update={"consumables": stocks}))
    story.begin()
    story.bids = story.tell("planning", proposal(*[BLEND] * n))
    return story


def award(number: int = 1, round_: int = 1, **changes) -> WorkAwarded:
    """The award of a film to the line."""
    fields = {"work": f"make-opv-{number:04d}", "round": round_, "bidder": "line_a", "bid": 3, "score": 1.0}
    return WorkAwarded(**(fields | {"reason": "r"} | changes))


def accepted(story: Story, number: int = 1):
    """Award a film and bring the acceptance back; returns what the line says then."""
    (answer,) = story.tell("planning", award(number))
    assert isinstance(answer, AwardAccepted)
    return story.tell("line_a", answer)


def test_an_accepted_work_asks_for_its_places_when_the_acceptance_has_a_position():
    (request,) = accepted(offered())
    assert isinstance(request, ReservationRequested)
    assert [n.place or n.kind for n in request.needs] == ["stage_a", "rack"]


def test_the_second_work_waits_for_the_first():
    story = offered(2)
    accepted(story, 1)
    assert accepted(story, 2) == ()
    assert story.state.waits()["make-opv-0002"] == "waiting for the work before it"


def test_a_later_bid_counts_the_queue():
    story = offered(2)
    first = story.bids[0].bid
    accepted(story, 1)
    again = AwardWithdrawn(work="make-opv-0002", round=1, bidder="line_b", reason="r")
    (bid,) = story.tell("planning", again)
    assert isinstance(bid, BidMade)
    assert bid.bid.round == 2
    assert bid.bid.start_at > first.start_at


def test_awards_that_come_before_the_first_answer_never_book_stock_twice():
    story = offered(3, ink=250.0)
    answers = [story.tell("planning", award(n))[0] for n in (1, 2, 3)]
    assert [type(a) for a in answers] == [AwardAccepted, AwardAccepted, AwardDeclined]
    assert "50 is free" in answers[2].reason


def test_a_withdrawal_before_the_acceptance_releases_the_booking():
    story = offered()
    (answer,) = story.tell("planning", award())
    (bid,) = story.tell("planning", AwardWithdrawn(work="make-opv-0001", round=1, bidder="line_a", reason="r"))
    assert isinstance(bid, BidMade)
    assert story.tell("line_a", answer) == ()
    assert story.state.bookings == {}


def test_a_withdrawal_after_the_acceptance_changes_nothing():
    story = offered()
    accepted(story)
    late = AwardWithdrawn(work="make-opv-0001", round=1, bidder="line_a", reason="r")
    assert story.tell("planning", late) == ()
    assert set(story.state.bookings) == {"make-opv-0001"}


def test_an_award_that_needs_an_approval_binds_with_it():
    story = offered()
    assert story.tell("planning", award(needs_approval=True)) == ()
    (answer,) = story.tell("once-1", GiveApproval(work="make-opv-0001", round=1, person="ada"))
    assert isinstance(answer, AwardAccepted)
    assert story.tell("once-1", GiveApproval(work="make-opv-0001", round=1, person="ada")) == ()


def test_an_unaccepted_award_lapses_with_the_campaign():
    story = offered()
    (answer,) = story.tell("planning", award())
    story.tell("supervision", CampaignClosing(reason="r"))
    assert story.tell("line_a", answer) == ()
    assert story.state.bookings == {}


def test_an_award_of_a_past_round_is_not_answered():
    assert offered().tell("planning", award(round_=2)) == ()


def refusal(story: Story) -> EntryRefused:
    """The recorder refuses what the line decided on the last entry."""
    last = f"line_a/{story.position}/0"
    return EntryRefused(source="line_a", sequence=1, reason="r", raw=sha("x"), refused_id=last)


def running(story: Story):
    """Accept, reserve, start dispensing; returns the motion."""
    (request,) = accepted(story)
    story.tell("line_a", request)
    made = ReservationMade(
        work=request.work, sample="opv-0001", holder="line_a", places={"stage": "stage_a", "rack": "rack_1"}
    )
    (started,) = story.tell("robot", made)
    assert isinstance(started, TaskStarted)
    story.tell("line_a", started)
    return story.state.jobs()[0]


def test_a_failed_step_ends_the_work_and_gives_the_places_back():
    story = offered()
    job = running(story)
    (failed,) = (d.body for d in story.conclude(job, JobOutcome(ok=False, error="empty bottle")))
    assert isinstance(failed, TaskFailed)
    bodies = story.tell("line_a", failed)
    quarantined, trouble, released = bodies[-3:]
    assert isinstance(quarantined, SampleQuarantined)
    assert quarantined.places == ()
    assert isinstance(trouble, TroubleMet)
    assert "empty bottle" in trouble.trouble.what
    assert isinstance(released, ReservationReleased)
    assert story.state.bookings == {}
    assert story.state.experience.n_bad == 1


def test_a_refused_reservation_ends_the_work():
    story = offered()
    (request,) = accepted(story)
    story.tell("line_a", request)
    bodies = story.tell("robot", ReservationRefused(work=request.work, reason="no such place"))
    assert [type(b) for b in bodies] == [SampleQuarantined, TroubleMet]
    assert story.state.bookings == {}


def test_a_refused_acceptance_releases_the_booking():
    story = offered()
    story.tell("planning", award())
    refused = EntryRefused(
        source="line_a", sequence=1, reason="r", raw=sha("x"), refused_id=f"line_a/{story.position}/0"
    )
    assert story.tell("recorder", refused) == ()
    assert story.state.bookings == {}


def test_a_refused_start_fails_the_task():
    story = offered()
    (request,) = accepted(story)
    story.tell("line_a", request)
    story.tell("robot", ReservationMade(work=request.work, sample="s", holder="line_a", places={"stage": "stage_a"}))
    refused = EntryRefused(
        source="line_a", sequence=1, reason="r", raw=sha("x"), refused_id=f"line_a/{story.position}/0"
    )
    (failed,) = story.tell("recorder", refused)
    assert isinstance(failed, TaskFailed)
