"""The page on failed tasks says what the code does."""

from pathlib import Path

import pytest
import yaml

from lab_agents.declarations import read_declaration
from lab_agents.records.failure import BY_KIND, TASK_KINDS, FailurePolicy
from lab_agents.records.laboratory import Laboratory

PAGE = (Path(__file__).parents[2] / "docs" / "failures.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_the_page_says_what_is_usual_for_every_kind(kind: str) -> None:
    """Retries, first wait, growth and action."""
    policy = BY_KIND[kind]  # type: ignore[index]
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |")]
    _, _, retries, wait, growth, action = [cell.strip() for cell in row.strip("|").split("|")]
    assert retries == f"{policy.retries} times"
    assert wait == (f"{policy.backoff:g} s" if policy.retries else "none")
    assert growth == (
        "none" if not policy.retries else "the same" if policy.growth == 1 else f"{policy.growth:g} times the last"
    )
    assert action == f"`{policy.action}`"


def test_every_field_and_action_is_explained() -> None:
    """Each has a row."""
    actions = FailurePolicy.model_fields["action"].annotation.__args__  # type: ignore[union-attr]
    assert [name for name in (*FailurePolicy.model_fields, *actions) if f"\n| `{name}` |" not in PAGE] == []


def test_the_example_can_be_read(tmp_path: Path) -> None:
    """As part of a lab file."""
    (block,) = [text.split("```")[0] for text in PAGE.split("```yaml\n")[1:]]
    path = tmp_path / "lab.yaml"
    path.write_text("name: mine\nagents: {}\ninstruments: {}\n" + block)
    assert set(read_declaration(path).read(Laboratory).on_failure) == set(yaml.safe_load(block)["on_failure"])
