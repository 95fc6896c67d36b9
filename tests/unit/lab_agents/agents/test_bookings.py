"""Taken work: booked, accepted, queued, released."""

from datetime import timedelta

from lab_agents.agents.bookings import Booking, accept, delay, done_at, free_at, held_back, release_lapsed, take_next
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


def test_as_many_works_are_under_way_as_declared():
    bookings = {f"w{n}": booking(n, phase="queued") for n in (3, 1, 2)}
    bookings = take_next(bookings, 7, START, 2)
    assert {w for w, b in bookings.items() if b.phase == "reserving"} == {"w1", "w2"}
    assert take_next(bookings, 8, START, 2) == bookings
    del (rest := dict(bookings))["w1"]
    assert take_next(rest, 8, START, 2)["w3"].phase == "reserving"


def test_a_turn_is_free_when_the_shortest_queue_is_done():
    begun = {f"w{n}": booking(n, phase="running", begun_at=START, seconds=100.0 * n) for n in (1, 2, 3)}
    assert free_at(begun, START, 4) == START
    assert free_at(begun, START, 3) == START + timedelta(seconds=100)
    assert free_at({**begun, "w4": booking(4)}, START, 3) == START + timedelta(seconds=200)


def test_a_work_is_not_done_before_the_instrument_that_has_most_to_do():
    spinning = {f"w{n}": booking(n, load={"spin": 60.0, "plate": 10.0}) for n in range(4)}
    load = {"spin": 60.0, "plate": 10.0}
    assert done_at(spinning, load, 100.0, START, START) == START + timedelta(seconds=300)
    assert done_at(spinning, {"plate": 10.0}, 100.0, START, START) == START + timedelta(seconds=100)
    half = {"w1": booking(1, phase="running", begun_at=START, load={"spin": 60.0})}
    now = START + timedelta(seconds=50)
    assert done_at(half, {"spin": 60.0}, 70.0, now, now) == now + timedelta(seconds=90)
    assert done_at({"w1": booking(1, seconds=0.0)}, load, 1.0, START, START) == START + timedelta(seconds=60)


def test_stock_is_held_back_by_every_booking():
    assert held_back({"w1": booking(1), "w2": booking(2)}, "inks") == 20.0


def test_work_of_a_paused_campaign_keeps_its_place_in_the_queue():
    bookings = {"w1": booking(1, phase="queued")}
    assert take_next(bookings, 7, START, 1, {bookings["w1"].offer.campaign: "any"}) == bookings


def test_what_stood_still_ends_so_much_later():
    begun = {"w1": booking(1, phase="running", begun_at=START), "w2": booking(2)}
    campaign, hour = begun["w1"].offer.campaign, timedelta(hours=1)
    delayed = delay(begun, campaign, hour)
    assert (delayed["w1"].begun_at, delayed["w2"].begun_at) == (START + hour, None)
    assert delay(begun, "other", hour) == begun
