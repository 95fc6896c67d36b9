"""What a night of chaos starts with; the night itself is a campaign."""

from pathlib import Path

import pytest
import yaml

from lab_agents.campaign_file import read_campaign
from lab_agents.chaos.plan import ChaosPlan, read_plan
from lab_agents.chaos.running import campaign_file, count_mishaps, needs_relay


def read(folder: Path, fault: str, more: str = "") -> ChaosPlan:
    """A plan of one fault."""
    path = folder / "night.yaml"
    path.write_text(f"name: night\ncampaign: opv_blend.yaml\n{more}faults:\n  - {fault}\n", encoding="utf-8")
    return read_plan(path)


@pytest.mark.parametrize(
    ("fault", "needed"),
    [("{fault: kill}", False), ("{fault: messages_doubled, rate: 0.1}", True), ("{fault: partition}", True)],
)
def test_a_relay_stands_between_only_where_something_happens_there(fault: str, needed: bool, tmp_path: Path) -> None:
    """Without, the laboratory is exactly as it always is."""
    assert needs_relay(read(tmp_path, fault)) is needed


@pytest.mark.parametrize("samples", [1, 5, 24])
def test_a_smaller_budget_makes_a_campaign_that_can_be_read(samples: int, tmp_path: Path) -> None:
    """Its beginning and its batches shrink with it."""
    path = tmp_path / "campaign.yaml"
    path.write_bytes(campaign_file(read(tmp_path, "{fault: kill}", f"samples: {samples}\n")))
    assert read_campaign(path).plan.budget.samples == samples


def test_without_a_budget_of_its_own_the_campaign_is_as_it_is(tmp_path: Path) -> None:
    """To the last field."""
    plan = read(tmp_path, "{fault: kill}")
    assert yaml.safe_load(campaign_file(plan)) == plan.campaign.declaration.data


def test_mishaps_are_counted_from_what_the_hardware_says_of_itself(tmp_path: Path) -> None:
    """Other lines are none."""
    log = tmp_path / "simulator.log"
    assert count_mishaps(log) == {}
    said = (
        "0a00: tester has the mishap nan",
        "a line",
        "0b00: tester has the mishap nan",
        "0c: robot has the mishap refusal",
    )
    log.write_text("\n".join(said), encoding="utf-8")
    assert count_mishaps(log) == {"nan_rate": 2, "refusal_rate": 1}
