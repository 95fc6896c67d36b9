"""Taken work: booked, accepted, queued, released."""

from datetime import timedelta

from lab_agents.agents.bookings import Booking, accept, free_at, held_back, release_lapsed, take_next
from lab_agents.agents.offers import Offer, Offers
from lab_agents.records.recipe import Act, Recipe, Step
from lab_agents.records.space import Candidate
from tests.model_lab import START

RECIPE = Recipe(steps=(Step(name="coat", owner="line_a", acts=(Act(instrument="coater_a", plan="coat"),)),))


def booking(number: int, **changes) -> Booking:
    """A booking of work w<number>, 100 s long, holding back 10 µL."""
    offer = Offer(
        work=f"w{number}", kind="make", campaign="opv", sample="s", asked=Candidate(values={"x": 1.0}), since=1
    )
    fields = {"work": offer.work, "offer": offer, "recipe": RECIPE, "stock": {"inks": 10.0}, "seconds": 100.0}
    return Booking(**(fields | {"since": number} | changes))


def test_the_own_acceptance_queues_the_work():
    assert accept({"w1": booking(1)}, "w1", 1, 9)["w1"].phase == "queued"
    assert accept({"w1": booking(1)}, "w1", 2, 9)["w1"].phase == "accepting"
    assert accept({}, "w1", 1, 9) == {}


def test_a_booking_whose_offer_lapsed_before_its_acceptance_is_released():
    assert release_lapsed({"w1": booking(1)}, Offers()) == {}
    assert "w1" in release_lapsed({"w1": booking(1, phase="queued")}, Offers())
    assert "w1" in release_lapsed({"w1": booking(1)}, Offers(open={"w1": booking(1).offer}))


def test_work_is_taken_in_the_order_of_acceptance_one_at_a_time():
    bookings = {"w2": booking(2, phase="queued"), "w1": booking(1, phase="queued")}
    bookings = take_next(bookings, 7, START)
    assert [b.phase for b in bookings.values()] == ["queued", "reserving"]
    assert take_next(bookings, 8, START) == bookings


def test_a_queue_is_free_when_all_of_it_is_done():
    begun = booking(1, phase="running", begun_at=START)
    now = START + timedelta(seconds=30)
    assert free_at({"w1": begun, "w2": booking(2)}, now) == now + timedelta(seconds=170)
    late = START + timedelta(seconds=1000)
    assert free_at({"w1": begun}, late) == late


def test_stock_is_held_back_by_every_booking():
    assert held_back({"w1": booking(1), "w2": booking(2)}, "inks") == 20.0
