"""Campaign plans."""

import pytest
from hypothesis import given
from pydantic import ValidationError

from lab_agents.records.campaign import Budget, CampaignPlan
from tests.strategies import records


@given(plan=records(CampaignPlan))
def test_a_batch_above_the_budget_is_refused(plan):
    raw = plan.model_dump() | {"batch": plan.budget.samples + 1}
    with pytest.raises(ValidationError, match=r"batch"):
        CampaignPlan.model_validate(raw)


@pytest.mark.parametrize("samples", [0, -1, 100_001, 2.5])
def test_a_budget_is_a_sensible_number_of_samples(samples):
    with pytest.raises(ValidationError):
        Budget(samples=samples)
