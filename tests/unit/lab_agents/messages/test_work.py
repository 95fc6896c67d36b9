"""Which reserved work an entry is about."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_agents.messages.entry import KINDS
from lab_agents.messages.work import WORK_KINDS, AwardAccepted, TaskStarted, work_of
from tests.strategies import entries


def test_an_award_is_about_work_that_is_not_reserved_yet() -> None:
    """So nobody takes part in it."""
    assert work_of(AwardAccepted(work="w", round=1, bidder="line")) is None


@pytest.mark.parametrize("kind", sorted(WORK_KINDS))
@settings(max_examples=5)
@given(data=st.data())
def test_each_kind_about_reserved_work_names_it(kind: str, data: st.DataObject) -> None:
    """A task by the work of which it is a step."""
    record = data.draw(entries(KINDS[kind].models[KINDS[kind].version])).record
    named = record.task.work if isinstance(record, TaskStarted) else getattr(record, "work", None)
    assert named is not None
    assert work_of(record) == named
