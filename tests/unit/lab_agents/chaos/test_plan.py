"""Plans of chaos, and what is refused before anything starts."""

from pathlib import Path

import pytest

from lab_agents.chaos.plan import read_plan
from lab_agents.errors import DeclarationError
from lab_agents.shipped import find_example

HEAD = "name: night\ncampaign: opv_blend.yaml\nfaults:\n"


def write(folder: Path, *faults: str, head: str = HEAD) -> Path:
    """A plan with these faults, one a line from line 4 on."""
    path = folder / "night.yaml"
    path.write_text(head + "".join(f"  - {fault}\n" for fault in faults), encoding="utf-8")
    return path


def test_the_example_names_a_campaign_beside_it_and_faults_of_both_manners() -> None:
    """It is what the documentation shows."""
    plan = read_plan(find_example("chaos_night.yaml"))
    assert plan.campaign.plan.name == "opv_blend"
    assert {fault.kind.manner for fault in plan.faults} >= {"blow", "network"}
    assert plan.seed == 1
    assert read_plan(find_example("chaos_night.yaml"), seed=5).seed == 5


def test_a_role_means_all_its_agents_and_nothing_means_everybody(tmp_path: Path) -> None:
    """In the order of the laboratory, each once."""
    plan = read_plan(
        write(
            tmp_path,
            "{fault: kill, of: [synthesis, line_a, broker]}",
            "{fault: partition, seconds: 3.0}",
            "{fault: kill}",
        )
    )
    some, cut, everybody = plan.faults
    assert some.names == ("line_a", "line_b", "broker")
    assert set(cut.names) == set(plan.laboratory.agents)
    assert (cut.seconds, cut.times) == (3.0, 1)
    assert set(everybody.names) >= {*plan.laboratory.agents, "broker", "recorder", "guard", "run", "compute_1"}
    assert len(set(everybody.names)) == len(everybody.names)


@pytest.mark.parametrize(
    ("fault", "line", "words"),
    [
        ("{fault: kil}", 4, ("there is no fault 'kil'", "kill", "freeze")),
        ("{fault: kill, of: [nobody]}", 4, ("'nobody'", "recorder", "line_a")),
        ("{fault: kill, rate: 0.5}", 4, ("a number of times", "times")),
        ("{fault: messages_dropped}", 4, ("rate", "is missing")),
        ("{fault: messages_dropped, times: 3}", 4, ("with a chance", "Write rate")),
        ("{fault: messages_dropped, rate: 1.5}", 4, ("rate", "1.5")),
        ("{fault: kill, seconds: 3.0}", 4, ("does not last",)),
        ("{fault: broker_loss, of: [broker]}", 4, ("strikes nobody by name",)),
        ("{fault: kill, tims: 3}", 4, ("there is no field 'tims'", "times")),
    ],
)
def test_what_cannot_be_meant_is_named_with_its_line_and_a_remedy(
    fault: str, line: int, words: tuple[str, ...], tmp_path: Path
) -> None:
    """Before anything starts."""
    with pytest.raises(DeclarationError) as refused:
        read_plan(write(tmp_path, fault))
    assert refused.value.line == line
    assert str(tmp_path / "night.yaml") in str(refused.value)
    for word in words:
        assert word in str(refused.value)


def test_a_campaign_or_laboratory_that_is_not_there_is_named_where_the_plan_names_it(tmp_path: Path) -> None:
    """With those that there are."""
    missing = HEAD.replace("opv_blend.yaml", "mine.yaml")
    with pytest.raises(DeclarationError, match=r"line 2: campaign: there is no campaign file mine.yaml.*opv_blend"):
        read_plan(write(tmp_path, "{fault: kill}", head=missing))
    with pytest.raises(DeclarationError, match="atlantis"):
        read_plan(write(tmp_path, "{fault: kill}", head="lab: atlantis\n" + HEAD))
