"""A state folder that cannot be taken is refused: one message, the right exit code, and nothing in it changes."""

import asyncio
import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.campaigns.real_laboratory import ROOT, call, real_laboratory, write_campaign

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1200)]

LAB = ROOT / "deployment" / "labs" / "opv_replay.yaml"
STATE = 4
"""The exit code of a state folder that cannot be taken."""


@pytest.fixture
def campaign(tmp_path):
    return write_campaign(tmp_path / "small.yaml", samples=4)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own with a megabyte, where this user may mount one."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", path], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield path
    subprocess.run(["umount", path], check=True)


def made_by(folder, **identity):
    """A state folder that says this of itself, with something to lose."""
    folder.mkdir()
    (folder / "lab.json").write_text(json.dumps({"format": 1, "lab": "opv_replay", "version": "0.1.0"} | identity))
    (folder / "lab.yaml").write_bytes(LAB.read_bytes())
    (folder / "store.sqlite").write_bytes(b"precious")
    return folder


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_refused(said, *words):
    """One message without a traceback, and the exit code for states."""
    assert said.code == STATE, said.out + said.errors
    assert said.errors.startswith("error: ")
    assert said.errors.count("error: ") == 1
    assert "Traceback" not in said.errors
    for word in words:
        assert word in said.errors


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ({"lab": "another"}, ("belongs to the laboratory 'another'", "--state")),
        ({"format": 99, "version": "7.0"}, ("state format 99", "version 7.0", "--state")),
    ],
)
async def test_a_folder_of_another_laboratory_or_version_is_refused(identity, words, campaign, tmp_path):
    state = made_by(tmp_path / "state", **identity)
    before = contents(state)
    assert_refused(await call("run", campaign, "--state", state, "--plain"), *words)
    assert contents(state) == before


async def test_a_folder_with_other_things_is_refused(campaign, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "thesis.tex").write_text("precious")
    assert_refused(await call("run", campaign, "--state", tmp_path / "state", "--plain"), "thesis.tex", "--state")
    assert contents(tmp_path / "state") == {Path("thesis.tex"): b"precious"}


@pytest.mark.parametrize("place", ["a file", "below a file", "a folder of the kernel"])
async def test_a_place_that_cannot_be_written_is_refused(place, campaign, tmp_path):
    (tmp_path / "file").write_text("precious")
    where = {
        "a file": tmp_path / "file",
        "below a file": tmp_path / "file" / "state",
        "a folder of the kernel": "/proc/x",
    }
    assert_refused(await call("run", campaign, "--state", where[place], "--plain"), str(where[place]), "--state")
    assert (tmp_path / "file").read_text() == "precious"


async def test_a_full_disk_is_refused_and_what_is_on_it_stays(campaign, small_disk):
    (small_disk / "other").write_bytes(b"x" * (os.statvfs(small_disk).f_bavail * 4096 - 8192))
    assert_refused(await call("run", campaign, "--state", small_disk / "state", "--plain"), "full disk")
    assert (small_disk / "other").stat().st_size > 0


async def test_a_port_that_is_taken_is_named_and_the_campaign_starts_once_it_is_free(campaign, tmp_path):
    """A laboratory with a port written down, on which somebody else listens."""
    async with real_laboratory(tmp_path) as laboratory:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            lab = tmp_path / "fixed.yaml"
            lab.write_text(LAB.read_text().replace("scpi://127.0.0.1:0", f"scpi://127.0.0.1:{port}"))
            await laboratory.show("run", str(campaign), "--lab", str(lab))
            await laboratory.until(lambda: f"tester cannot listen on port {port}" in laboratory.said())
            laboratory.interrupt()
            assert await laboratory.ended() == 130, laboratory.said()
        assert laboratory.pids() == {}
        await laboratory.show("resume")
        assert await laboratory.ended() == 0, laboratory.said()
        audited = await laboratory.audit()
    assert audited.agrees, audited.to_text()
    assert audited.n_observations == 4


async def test_a_busy_state_refuses_another_campaign_and_goes_on_with_its_own(campaign, tmp_path):
    other = await asyncio.to_thread(write_campaign, tmp_path / "other.yaml", samples=9, name="another")
    async with real_laboratory(tmp_path) as laboratory:
        await laboratory.start(campaign, "--speed", "2400")
        before = laboratory.pids()
        said = await call("run", other, "--state", laboratory.state, "--plain")
        assert_refused(said, "busy with the campaign opv_blend", "another", "lab-agents resume")
        joined = await call("run", campaign, "--state", laboratory.state, "--plain")
        assert joined.code == 0, joined.out + joined.errors
        assert "is open" in joined.out
        assert "this display joins it" in " ".join(joined.out.split())
        assert await laboratory.ended() == 0, laboratory.said()
        assert laboratory.watch.guards["main"].pid == before["guard"]
        started = [logged.entry.subject for logged in await laboratory.entries("CampaignStarted")]
        audited = await laboratory.audit()
    assert started == ["opv_blend"]
    assert audited.agrees, audited.to_text()
    assert audited.n_observations == 4
