"""What is left of a budget."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.awards import award_held
from lab_agents.agents.choices import AwardRule
from lab_agents.agents.contests import Contest
from lab_agents.agents.spending import Purse, Spending, find_purse, find_ruin, follow_spending, money_spent
from lab_agents.messages.work import ConsumableUsed, ReservationReleased
from lab_agents.records.campaign import Budget
from lab_agents.records.prices import Prices
from tests.model_lab import START
from tests.story import logged
from tests.unit.lab_agents.agents.test_awards import held, winners

PRICES = Prices(hour=10.0, consumables={"ink": 0.5})


def wants(work: str, ink: float, hours: float = 1.0) -> Contest:
    """Work for which line_a bids."""
    contest = held(work, a=(3600 * hours, 0.9, 0.0))
    bid = contest.bids["a"].model_copy(update={"consumables": {"ink": ink}})
    return contest.model_copy(update={"bids": {"a": bid}})


def rule(**left) -> AwardRule:
    """Awards out of a purse."""
    return AwardRule(now=START, position=9, turns={"a": 9}, purse=Purse(**left))


def test_what_was_drawn_is_counted_by_work_until_the_work_ends():
    spent = follow_spending(Spending(), logged(1, "line_a", ConsumableUsed(consumable="ink", amount=3.0, work="w")))
    assert spent.drawn == {"ink": 3.0}
    assert spent.by_work["w"] == {"ink": 3.0}
    ended = follow_spending(spent, logged(2, "line_a", ReservationReleased(work="w", places=())))
    assert ended.drawn == {"ink": 3.0}
    assert ended.by_work == {}


def test_money_is_spent_on_things_and_hours():
    assert money_spent(Spending(drawn={"ink": 4.0}), PRICES, hours=2.0) == 22.0


def test_a_budget_of_samples_and_hours_needs_no_purse():
    assert find_purse(Budget(samples=3, hours=9.0), Spending(), PRICES, START, START) is None


def test_what_is_awarded_counts_until_it_was_drawn():
    awarded = wants("w", 6.0)
    awarded = rule_awards({"w": awarded})["w"]
    budget, later = Budget(samples=3, consumables={"ink": 10.0}, money=50.0), START + timedelta(hours=1)
    spending = Spending(drawn={"ink": 3.0}, by_work={"w": {"ink": 2.0}})
    purse = find_purse(budget, spending, PRICES, START, later, (awarded,))
    assert purse is not None
    assert purse.left == {"ink": 3.0}
    assert purse.money == 50.0 - 10.0 - 0.5 * 3.0 - 0.5 * 4.0


def rule_awards(contests):
    """Award all that may be."""
    return award_held(contests, contests, 9, rule())


@given(amounts=st.lists(st.floats(0.1, 10.0), min_size=1, max_size=8), most=st.floats(0.1, 30.0))
def test_what_is_awarded_together_never_exceeds_the_budget(amounts, most):
    contests = {f"w{i}": wants(f"w{i}", amount) for i, amount in enumerate(amounts)}
    taken = winners(contests, rule=rule(left={"ink": most}))
    assert sum(amounts[int(work[1:])] for work in taken) <= most * (1 + 1e-9)
    assert taken or min(amounts) > most


def test_hours_that_a_work_takes_must_be_paid_for_too():
    assert winners({"w": wants("w", 2.0)}, rule=rule(money=10.9, prices=PRICES)) == {}
    assert winners({"w": wants("w", 2.0)}, rule=rule(money=11.1, prices=PRICES)) == {"w": "a"}


def test_a_campaign_is_ruined_when_nothing_is_on_its_way_and_no_bid_can_be_paid():
    purse = Purse(left={"ink": 1.0})
    held_work, awarded = wants("w", 2.0), rule_awards({"x": wants("x", 2.0)})["x"]
    assert find_ruin(purse, [held_work]) == "ink: 1 of the budget are left, 2 are needed"
    assert find_ruin(purse, [held_work, awarded]) == ""
    assert find_ruin(purse, [held_work, wants("y", 0.5)]) == ""
    assert find_ruin(purse, []) == ""
    assert find_ruin(None, [held_work]) == ""
