"""Granting places."""

from lab_agents.agents.places import (
    Places,
    Request,
    block,
    doubtful,
    empty,
    find_flaw,
    find_full,
    grant_waiting,
    mark_observed,
    move,
    not_found,
    release,
    resolve,
    stand,
    stranded,
)
from lab_agents.records.place import Place
from lab_agents.records.recipe import Need
from lab_agents.records.stock import Standard

DECLARED = (
    Place(name="stage", kind="stage", service="robot"),
    Place(name="rack_1", kind="rack", service="robot", is_buffer=True),
    Place(name="rack_2", kind="rack", service="robot", is_buffer=True),
)
ANY_RACK = Need(role="rack", kind="rack")
STAGE = Need(role="stage", place="stage")


def asked(places: Places, *requests: tuple[str, tuple[Need, ...]]) -> Places:
    """The places with requests waiting, in this order; the work's name is the sample's."""
    waiting = {
        name: Request(work=name, sample=name, holder="h", campaign=None, needs=needs, position=i)
        for i, (name, needs) in enumerate(requests, start=1)
    }
    return places.model_copy(update={"waiting": waiting})


def test_a_request_gets_everything_or_nothing():
    places = asked(Places(declared=DECLARED), ("a", (STAGE, ANY_RACK)), ("b", (STAGE, ANY_RACK)))
    places = grant_waiting(places, 7)
    assert places.grants["a"].places == {"stage": "stage", "rack": "rack_1"}
    assert "b" not in places.grants


def test_a_later_request_does_not_take_what_an_earlier_one_waits_for():
    first = grant_waiting(asked(Places(declared=DECLARED), ("a", (STAGE, ANY_RACK))), 1)
    places = grant_waiting(asked(first, ("b", (STAGE, ANY_RACK)), ("c", (ANY_RACK,))), 2)
    assert set(places.grants) == {"a"}


def test_a_place_where_the_sample_stands_is_free_for_it_alone():
    places = move(Places(declared=DECLARED), "a", None, "rack_1")
    home = Need(role="home", place="rack_1")
    assert "a" in grant_waiting(asked(places, ("a", (home,))), 1).grants
    assert "b" not in grant_waiting(asked(places, ("b", (home,))), 1).grants


def test_a_released_place_stays_occupied_where_something_stands():
    places = grant_waiting(asked(Places(declared=DECLARED), ("a", (STAGE, ANY_RACK))), 1)
    places = release(move(places, "a", "stage", "rack_1"), "a", ("stage", "rack_1"))
    assert places.held == frozenset()
    assert places.occupied == {"rack_1": "a"}


def test_a_partly_released_grant_keeps_the_rest():
    places = grant_waiting(asked(Places(declared=DECLARED), ("a", (STAGE, ANY_RACK))), 1)
    assert release(places, "a", ("stage",)).held == {"rack_1"}


def test_requests_for_unknown_places_have_a_flaw():
    places = Places(declared=DECLARED)
    assert find_flaw(places, (Need(role="x", place="nowhere"),)) == "there is no place nowhere"
    assert find_flaw(places, (Need(role="x", kind="oven"),)) == "there is no place of kind oven"
    assert find_flaw(places, (STAGE, ANY_RACK)) is None


def test_answers_say_where_a_lost_sample_is():
    lost = block(Places(declared=DECLARED), "a", ("stage", "rack_1"))
    assert doubtful(lost, "a") == ("stage", "rack_1")
    assert resolve(lost, "a", "done").occupied == {"rack_1": "a"}
    assert resolve(lost, "a", "not done").occupied == {"stage": "a"}
    assert resolve(lost, "a", "discard").occupied == {}
    assert resolve(lost, "a", "hold") == lost
    assert not_found(lost, "a", "stage").occupied == {"rack_1": "a"}
    assert resolve(block(Places(declared=DECLARED), "a", ("stage",)), "a", "not done").occupied == {}


def test_a_sample_is_stranded_where_no_work_holds_it_outside_a_buffer():
    places = Places(declared=DECLARED)
    assert stranded(block(places, "a", ("stage", "rack_1")), "a") == "stage"
    assert stranded(move(places, "a", None, "rack_1"), "a") is None


def test_only_observed_samples_are_taken_out_of_a_full_rack():
    places = Places(declared=DECLARED)
    for name, place in (("a", "rack_1"), ("b", "rack_2")):
        places = move(places, name, None, place)
    waiting = asked(places, ("c", (ANY_RACK,)))
    assert find_full(waiting, waiting.waiting["c"]) == "rack"
    emptied = empty(mark_observed(waiting, "a"), "rack")
    assert emptied.occupied == {"rack_2": "b"}
    assert find_full(emptied, waiting.waiting["c"]) is None


def test_standards_stand_in_their_places_from_the_beginning():
    silicon = Standard(name="silicon", kind="silicon", place="rack_2")
    places = stand(Places(declared=DECLARED), (silicon,))
    assert places.occupied == {"rack_2": "silicon"}
    carried = move(places, "silicon", "rack_2", "stage")
    assert stand(carried, (silicon,)).occupied == {"stage": "silicon"}, "declared again, it stands where it stands"
