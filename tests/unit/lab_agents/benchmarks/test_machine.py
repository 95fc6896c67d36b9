"""Where something was measured."""

from pathlib import Path

from lab_agents.benchmarks.machine import find_processor, measure_load, name_machine


def test_the_processor_is_named_as_the_system_names_it(tmp_path: Path) -> None:
    """Where it does not, its kind must do."""
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: EPYC 7713\n")
    assert find_processor(tmp_path / "cpuinfo") == "EPYC 7713"
    assert find_processor(tmp_path / "none")


def test_a_machine_is_named_with_its_cores_and_its_load() -> None:
    """Whatever runs this."""
    assert " cores, " in name_machine()
    assert measure_load() >= 0
