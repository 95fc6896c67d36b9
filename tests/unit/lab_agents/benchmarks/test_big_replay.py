"""A laboratory with room for a long campaign."""

from pathlib import Path

import pytest

from lab_agents.benchmarks.big_replay import write_campaign
from lab_agents.campaign_check import check_against_lab
from lab_agents.campaign_file import read_campaign


@pytest.mark.parametrize("films", [400, 2000])
def test_a_campaign_of_any_length_has_room_and_stock(tmp_path: Path, films: int) -> None:
    """It passes all checks of a campaign file."""
    path, laboratory = write_campaign(tmp_path, films, 3, speed=200.0, safe=("tester",))
    campaign = read_campaign(path)
    assert check_against_lab(campaign) == laboratory
    assert campaign.plan.budget.samples == films
    assert campaign.pool is not None
    assert len(campaign.pool) > 1.4 * films, "planners never propose a blend twice"
    assert sum(rack.count for rack in laboratory.racks) > films
    assert laboratory.instruments["tester"].lost_permit == "safe"
    assert laboratory.instruments["robot"].lost_permit == "finish"
    assert laboratory.simulation is not None
    assert laboratory.simulation.speed == 200.0
