"""Whole campaigns from the command line, through real processes."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 240
"""Wall seconds for a campaign of six films on a busy machine."""


def command(*arguments):
    return [sys.executable, "-c", "from lab_agents.cli import main; main()", *map(str, arguments)]


def call(*arguments, code=0):
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def campaign(tmp_path):
    """Six films instead of sixty."""
    text = (ROOT / "examples" / "opv_blend.yaml").read_text()
    small = (
        text.replace("samples: 60", "samples: 6").replace("batch: 4", "batch: 3").replace("initial: 8", "initial: 3")
    )
    path = tmp_path / "small.yaml"
    path.write_text(small)
    return path


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_a_campaign_is_interrupted_resumed_reported_audited_and_replayed(campaign, tmp_path):
    state = tmp_path / "state"
    with (
        subprocess.Popen(
            command("run", campaign, "--state", state, "--plain"), stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as running,
        _ended(running),
    ):
        for line in running.stdout:
            if "made by line_" in line:
                break
        standing = json.loads(call("status", "--state", state, "--json"))
        assert standing["campaign"]["state"] == "running"
        assert {p["role"] for p in standing["processes"]} >= {"guard", "recorder", "synthesis", "planning", "simulator"}
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
        assert running.wait(PATIENCE) == 130
    assert "Go on with: lab-agents resume" in rest
    assert all(not _is_alive(p["pid"]) for p in standing["processes"] if p["pid"])

    told = call("resume", "--state", state, "--plain")
    for words in ("finished: 6 made", "Best materials: minimize degradation", "Regret against", "report: ", "PSS"):
        assert words in told
    assert (state / "report" / "index.html").stat().st_size < 3_000_000
    assert len((state / "report" / "samples.csv").read_text().splitlines()) == 7
    assert json.loads(call("audit", state, "--json"))
    assert json.loads(call("replay", state, "--json"))
    assert json.loads(call("status", "--state", state, "--json"))["campaign"]["observed"] == 6


@contextmanager
def _ended(process):
    """Kill the process where the test fails: leaving it would wait for its end, which may never come."""
    try:
        yield
    finally:
        process.kill()


def _is_alive(pid):
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
