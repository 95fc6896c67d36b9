"""A process of a laboratory imports with the collector at rest, and runs with it."""

import subprocess
import sys
from pathlib import Path

LOOK = """
import gc, sys
from lab_agents import assembly, starting

def became():
    sys.exit(0 if not gc.isenabled() else 3)

assembly.main = became
starting.main()
"""


def test_the_collector_rests_until_everything_is_imported() -> None:
    """In a process of its own: the tests' collector is not touched."""
    assert subprocess.run([sys.executable, "-c", LOOK], timeout=60, check=False).returncode == 0


def test_a_process_without_a_state_says_so(tmp_path: Path) -> None:
    """The module runs as a program."""
    command = [sys.executable, "-m", "lab_agents.starting", "training", "training", "--epoch", "1"]
    ended = subprocess.run(
        [*command, "--state", str(tmp_path / "none")], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "no state folder" in ended.stderr
