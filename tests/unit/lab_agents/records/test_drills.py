"""How often the emergency stop is to be tried."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from lab_agents.records.drills import Drills


@pytest.mark.parametrize(("every", "hours"), [("12 h", 12), ("7 d", 168), ("4 w", 672)])
def test_an_interval_is_a_number_of_hours_days_or_weeks(every, hours):
    drills, last = Drills(every=every, person="ada"), datetime(2026, 1, 1, tzinfo=UTC)
    assert drills.due_after(last) == last + timedelta(hours=hours)


@pytest.mark.parametrize("every", ["7", "7d", "0 d", "1.5 d", "7 months", ""])
def test_what_is_no_interval_is_refused_with_one_that_is(every):
    with pytest.raises(ValidationError, match="such as 7 d"):
        Drills(every=every, person="ada")


def test_somebody_sees_to_drills():
    with pytest.raises(ValidationError, match="person"):
        Drills(every="7 d", person="")
