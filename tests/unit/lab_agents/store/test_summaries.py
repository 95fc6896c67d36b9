from dataclasses import FrozenInstanceError

import pytest

from lab_agents.store.summaries import SampleSummary


def test_a_sample_without_observations_has_none():
    """Instead of raising where a report asks."""
    assert SampleSummary("s", None, None, None, None, None, None).observation is None


def test_summaries_cannot_be_changed():
    """They are answers, not records to work on."""
    with pytest.raises(FrozenInstanceError):
        SampleSummary("s", None, None, None, None, None, None).place = "rack_1"
