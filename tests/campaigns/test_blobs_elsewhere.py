"""A laboratory that keeps its raw data elsewhere: everything finds them there, and garbage is collected there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab_agents.blobs import DirectoryBlobs

ROOT = Path(__file__).parents[2]
LAB_FILE = ROOT / "deployment" / "labs" / "opv_replay.yaml"

pytestmark = pytest.mark.campaign


def call(*arguments):
    """Standard output of a command that ends well."""
    command = [sys.executable, "-m", "lab_agents.cli", *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(900)
def test_a_campaign_keeps_everything_where_its_lab_file_says(tmp_path):
    raw, state = tmp_path / "raw", tmp_path / "state"
    lab = tmp_path / "lab.yaml"
    lab.write_text(f"blobs: file://{raw}\n{LAB_FILE.read_text()}")
    text = (ROOT / "examples" / "opv_blend.yaml").read_text()
    campaign = tmp_path / "small.yaml"
    campaign.write_text(
        text.replace("samples: 60", "samples: 3").replace("batch: 4", "batch: 3").replace("initial: 8", "initial: 3")
    )
    call("run", campaign, "--lab", lab, "--state", state, "--plain")
    assert list((state / "blobs").rglob("*")) == []
    assert json.loads(call("audit", state, "--json"))["agrees"]
    assert json.loads(call("replay", state, "--json"))["agrees"]

    (place,) = (DirectoryBlobs(folder) for folder in raw.iterdir())
    named = {one.address for one in place.kept()}
    garbage = place.path(place.put(b"of a process that was killed before it said so"))
    os.utime(garbage, (0, 0))
    collected = json.loads(call("gc", "--state", state, "--json"))
    assert (collected["n_unnamed"], collected["n_named"]) == (1, len(named))
    assert {one.address for one in place.kept()} == named
    assert json.loads(call("audit", state, "--json"))["agrees"]
