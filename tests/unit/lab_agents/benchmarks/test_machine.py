"""What was measured, and where."""

import subprocess
from pathlib import Path

from lab_agents import __version__
from lab_agents.benchmarks.machine import find_processor, measure_load, name_machine, name_software


def git(folder: Path, *words: str) -> str:
    """What git answers in a folder."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    return subprocess.run(["git", "-C", folder, *who, *words], check=True, capture_output=True, text=True).stdout


def test_a_working_copy_is_named_with_its_commit_and_whether_it_was_changed(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("1")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    commit = git(tmp_path, "rev-parse", "--short=10", "HEAD").strip()
    assert name_software(tmp_path) == f"{__version__} at {commit}"
    (tmp_path / "code.py").write_text("2")
    assert name_software(tmp_path) == f"{__version__} at {commit}-dirty"


def test_what_is_no_working_copy_is_named_by_its_version(tmp_path: Path) -> None:
    """Also where it is installed inside one of something else."""
    assert name_software(tmp_path) == __version__
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "other")
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "code.py").write_text("1")
    assert name_software(tmp_path / "installed") == __version__


def test_the_processor_is_named_as_the_system_names_it(tmp_path: Path) -> None:
    """Where it does not, its kind must do."""
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: EPYC 7713\n")
    assert find_processor(tmp_path / "cpuinfo") == "EPYC 7713"
    assert find_processor(tmp_path / "none")


def test_a_machine_is_named_with_its_cores_and_its_load() -> None:
    """Whatever runs this."""
    assert " cores, " in name_machine()
    assert measure_load() >= 0
