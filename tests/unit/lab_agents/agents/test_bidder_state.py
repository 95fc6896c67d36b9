"""What a bidder knows."""

from lab_agents.agents.bidder_state import BidderState, declare, draw_elsewhere, take_load
from lab_agents.messages.work import ConsumableLoaded, ConsumableUsed, ReservationMade
from tests.film_lab import film_laboratory
from tests.model_lab import laboratory
from tests.unit.lab_agents.agents.test_bidder import accepted, offered


def test_a_bidder_s_stock_is_what_it_is_declared_to_use():
    state = declare(BidderState(), laboratory(), "line_a")
    assert state.stock == {"inks_a": 20000.0, "substrates_a": 100.0}


def test_a_stock_starts_anew_only_where_its_declaration_changed():
    lab = laboratory()
    state = declare(BidderState(), lab, "line_a").but(stock={"inks_a": 7.0, "substrates_a": 3.0})
    refilled = tuple(c.model_copy(update={"amount": 9.0}) if c.name == "inks_a" else c for c in lab.consumables)
    again = declare(state, lab.model_copy(update={"consumables": refilled}), "line_a")
    assert again.stock == {"inks_a": 9.0, "substrates_a": 3.0}


def test_who_uses_a_handler_draws_on_what_the_handler_holds():
    lab = film_laboratory()
    state = declare(BidderState(), lab, "line_a")
    assert set(state.stock) == {s.name for s in lab.stocks} | {"tips", "substrates_a", "antisolvent_a"}
    again = declare(state.but(stock={**state.stock, "fai": 7.0}), lab, "line_a")
    assert again.stock["fai"] == 7.0


def test_what_others_draw_from_a_shared_stock_is_gone():
    state = BidderState(stock={"fai": 100.0})
    assert draw_elsewhere(state, used("fai", 30.0), 7).stock == {"fai": 70.0}
    assert draw_elsewhere(state, used("fai", 300.0), 7).stock == {"fai": 0.0}
    assert draw_elsewhere(state, used("csi", 30.0), 7) is state


def test_what_was_loaded_holds_what_every_act_before_the_count_has_left():
    loaded = ConsumableLoaded(consumable="fai", amount=500.0, confirmed=500.0, ticket="t")
    state = take_load(BidderState(stock={"fai": 20.0}), loaded, 7)
    assert state.stock == {"fai": 500.0}
    assert draw_elsewhere(state, used("fai", 30.0), 7) is state
    assert draw_elsewhere(state, used("fai", 30.0), 8).stock == {"fai": 470.0}
    assert take_load(BidderState(), loaded, 7) == BidderState()


def used(name: str, amount: float) -> ConsumableUsed:
    """What somebody else drew."""
    return ConsumableUsed(consumable=name, amount=amount, work="w")


def test_waiting_work_says_what_it_waits_for():
    story = offered()
    (request,) = accepted(story)
    assert story.state.waits() == {"make-opv-0001": "waiting for its places: stage_a, any rack"}
    story.tell("line_a", request)
    story.tell("robot", ReservationMade(work=request.work, sample="s", holder="line_a", places={"stage": "stage_a"}))
    assert story.state.waits() == {}
    assert story.state.jobs() == ()


def test_an_unknown_agent_has_no_settings():
    assert BidderState().settings("line_a") == {}
    assert BidderState(lab=laboratory()).settings("nobody") == {}
    assert BidderState(lab=laboratory()).settings("line_a")["stage"] == "stage_a"
