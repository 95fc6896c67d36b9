from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.messages.course import CampaignFinished, CampaignPaused
from lab_agents.messages.entry import Entry
from lab_agents.replaying.comparison import describe_difference
from tests.logbook import START


def entry(body, **changes) -> Entry:
    """An entry of supervision."""
    fields = {"id": "s/1/0", "kind": type(body).__name__, "schema_version": 1, "at": START, "subject": "x", "cause": 1}
    return Entry(**(fields | changes), record=body)


@given(reason=st.text(max_size=20), hours=st.integers(0, 1000))
def test_the_same_decision_at_another_time_is_no_difference(reason, hours):
    """The laboratory's clock is no part of a decision."""
    body = CampaignPaused(reason=reason)
    assert describe_difference(entry(body), entry(body, at=START + timedelta(hours=hours))) == ""


def test_each_place_where_two_parts_is_named_and_many_are_counted():
    """Envelope and record."""
    one = CampaignFinished(reason="a", n_made=1, n_observed=1, n_failed=0)
    other = CampaignFinished(reason="b", n_made=2, n_observed=3, n_failed=4)
    said = describe_difference(entry(one), entry(other, campaign="c"))
    assert said.startswith("campaign was None, is 'c'; record.reason was 'a', is 'b'; record.n_made was 1, is 2")
    assert said.endswith("and 2 more")


def test_a_long_value_is_cut():
    """A recipe is longer than anyone reads in a table."""
    said = describe_difference(entry(CampaignPaused(reason="a" * 500)), entry(CampaignPaused(reason="b")))
    assert len(said) < 300
    assert "…" in said
