"""Ctrl-C once puts the laboratory to rest, twice leaves it running; `resume` goes on either way."""

import asyncio

import pytest

from lab_agents.benchmarks.kills import left_over
from tests.campaigns.real_laboratory import real_laboratory, write_campaign

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1200)]

N_FILMS = 6
SPEED = "600"
"""Laboratory seconds per wall second: a soak of an hour, which a drain waits for, takes six."""


async def test_ctrl_c_twice_detaches_once_ends_the_tree_and_resume_goes_on(tmp_path):
    campaign = await asyncio.to_thread(write_campaign, tmp_path / "left.yaml", samples=N_FILMS)
    async with real_laboratory(tmp_path) as laboratory:
        await laboratory.start(campaign, "--speed", SPEED)
        await check_detaching(laboratory)
        await check_ending(laboratory)
        await laboratory.show("resume")
        assert await laboratory.ended() == 0, laboratory.said()
        assert await asyncio.to_thread(left_over, laboratory.state) == []
        audited, replayed = await laboratory.audit(), await laboratory.replay()
    assert audited.agrees, audited.to_text()
    assert (audited.n_observations, audited.n_unknown, audited.n_failed) == (N_FILMS, 0, 0)
    assert replayed.agrees, replayed.to_text()


async def check_detaching(laboratory):
    """The second Ctrl-C calls the end off: the same processes go on, and a new display joins them."""
    await laboratory.until_a_film_soaks()
    before = laboratory.pids()
    laboratory.interrupt()
    await laboratory.until(lambda: "Ending" in laboratory.said())
    laboratory.interrupt()
    assert await laboratory.ended() == 20, laboratory.said()
    assert "The laboratory goes on. Return with: lab-agents resume" in laboratory.said()
    await laboratory.show("resume")
    await laboratory.until_a_film_soaks()
    assert laboratory.pids() == before


async def check_ending(laboratory):
    """The first Ctrl-C finishes what runs and ends every process."""
    before = laboratory.pids()
    laboratory.interrupt()
    assert await laboratory.ended() == 130, laboratory.said()
    assert "Everything is at rest. Go on with: lab-agents resume" in laboratory.said()
    assert laboratory.pids() == {}
    assert await asyncio.to_thread(left_over, laboratory.state) == []
    assert {"simulator", "broker", "recorder", "guard"} <= set(before)
