"""The page on chaos names every fault and every field of a plan."""

from pathlib import Path

from lab_agents.chaos.faults import FAULTS
from lab_agents.chaos.plan import ChaosDeclaration, FaultDeclaration

PAGE = (Path(__file__).parents[2] / "docs" / "chaos.md").read_text(encoding="utf-8")


def test_every_fault_is_explained() -> None:
    """In the words of what is really done."""
    assert [name for name in FAULTS if f"`{name}`" not in PAGE] == []


def test_every_field_is_explained() -> None:
    """Of the plan and of a fault."""
    fields = {*ChaosDeclaration.model_fields, *FaultDeclaration.model_fields}
    assert [name for name in fields if f"`{name}`" not in PAGE] == []
