import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.auditing.actuations import check_actuations, check_endings, check_foreign, check_orders
from lab_agents.auditing.evidence import Evidence, Ordered
from lab_agents.auditing.ledger import Ledger, Moved
from lab_agents.records.recipe import Act, Task

TASK = Task(
    id="w/0",
    work="w",
    sample="s",
    step=0,
    name="dispense",
    owner="line",
    acts=(Act(instrument="d", plan="dose", arguments={"channel": 1, "volume": 12.5}),),
)
TOKEN = TASK.token(0)


def evidence(fate) -> Evidence:
    """One ordered act."""
    return Evidence(ordered={TOKEN: Ordered(TOKEN, TASK, 0, 7, fate)})


def ledger(n, **changes) -> Ledger:
    """So many lines of the act's token."""
    fields = {"instrument": "d", "token": TOKEN, "action": "dose", "details": {"channel": 1, "asked": 12.5}} | changes
    acts = tuple(Moved(number, **fields) for number in range(1, n + 1))
    return Ledger(acts, (), n, {fields["token"]: acts})


@given(fate=st.sampled_from(["in flight", "done", "unknown", "failed"]), n=st.integers(0, 3))
def test_an_act_may_have_moved_as_often_as_its_fate_allows(fate, n):
    """Exactly once where it is done, at most once in every other case."""
    allowed = n == 1 if fate == "done" else n <= 1
    assert (check_actuations(evidence(fate), ledger(n)).findings == ()) is allowed


def test_a_finding_names_token_task_act_and_position():
    """What a person needs to find the vial."""
    (finding,) = check_actuations(evidence("done"), ledger(2)).findings
    assert finding.subject == f"{TOKEN} (w/0, act 0: dose)"
    assert finding.position == 7


def test_what_moved_is_compared_where_the_ledger_names_it():
    """A detail that the act does not know is no difference."""
    assert check_orders(evidence("done"), ledger(1, details={"delivered": 12.9, "asked": 12.5})).findings == ()
    assert len(check_orders(evidence("done"), ledger(1, details={"asked": 12.6, "channel": 2})).findings) == 2
    assert len(check_orders(evidence("done"), ledger(1, instrument="e", action="coat")).findings) == 2


@pytest.mark.parametrize(("fate", "n_findings"), [("failed", 0), ("unknown", 0), ("done", 1)])
def test_a_film_that_fell_is_no_difference_unless_the_log_calls_its_transfer_done(fate, n_findings):
    """The ledger names what became of the transfer."""
    task = TASK.model_copy(update={"acts": (Act(instrument="r", plan="transfer"),)})
    ordered = Evidence(ordered={TOKEN: Ordered(TOKEN, task, 0, 7, fate)})
    fell = ledger(1, instrument="r", action="drop", details={"film": "f"})
    assert len(check_orders(ordered, fell).findings) == n_findings


def test_what_was_executed_scatters_about_what_was_ordered():
    """A plate's surface is colder than its set-point; the set-point itself is what was ordered, or is found."""
    act = Act(instrument="p", plan="anneal", arguments={"temperature": 120.0, "duration": 60.0})
    task = TASK.model_copy(update={"acts": (act,)})
    ordered = Evidence(ordered={TOKEN: Ordered(TOKEN, task, 0, 7, "done")})

    def findings(**details):
        return check_orders(ordered, ledger(1, instrument="p", action="anneal", details=details)).findings

    assert findings(temperature=114.2, asked=120.0, duration=60.0) == ()
    assert len(findings(temperature=114.2, asked=130.0, duration=61.0)) == 2


def test_a_token_that_no_task_planned_is_foreign():
    """Also where nothing was ordered at all."""
    assert check_foreign(evidence("done"), ledger(1)).findings == ()
    assert len(check_foreign(Evidence(), ledger(2)).findings) == 2


def test_without_a_ledger_nothing_is_called_clean():
    """The note says so."""
    for check in (check_actuations, check_orders, check_foreign):
        said = check(evidence("done"), None)
        assert (said.n_checked, said.findings, said.note) == (0, (), "not compared: no ledger")


def test_an_act_in_flight_is_found_only_when_no_campaign_is_open():
    """While one is, it may still end."""
    flying = evidence("in flight")
    assert len(check_endings(flying).findings) == 1
    flying.open_campaigns.add("first")
    assert check_endings(flying).findings == ()
    assert "1 in flight" in check_endings(flying).note
