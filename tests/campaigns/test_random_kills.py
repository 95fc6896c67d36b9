"""Every kind of process is killed twice, some are frozen, and the campaign finishes by itself with nothing amiss."""

import asyncio

import pytest

from lab_agents.benchmarks.kills import CHILDREN, COMMAND, GUARD, BadNight, plan_blows
from tests.campaigns.real_laboratory import real_laboratory, write_campaign

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1500)]

SEED = 1
N_FILMS = 20
"""Enough that the campaign outlasts the blows."""


async def test_a_campaign_finishes_by_itself_although_every_process_is_killed_twice(tmp_path):
    campaign = await asyncio.to_thread(write_campaign, tmp_path / "night.yaml", samples=N_FILMS, batch=4)
    blows = plan_blows(SEED)
    async with real_laboratory(tmp_path) as laboratory:
        night = await BadNight(campaign, laboratory.state, blows, SEED).run()
        assert night.code == 0, laboratory.said()
        assert night.left == []
        assert_struck(night.recoveries, blows)
        audited, replayed = await laboratory.audit(), await laboratory.replay()
    assert audited.agrees, audited.to_text()
    assert (audited.n_unknown, audited.n_in_flight) == (0, 0)
    assert audited.n_observations == N_FILMS
    assert replayed.agrees, replayed.to_text()


def assert_struck(recoveries, blows):
    """All blows fell, and everything worked again by itself."""
    fell = [recovery.blow for recovery in recoveries]
    assert fell == blows, f"the campaign ended after {len(fell)} of {len(blows)} blows"
    kills = [blow.name for blow in fell if blow.how == "kill"]
    assert len(kills) >= 20
    assert all(kills.count(name) >= 2 for name in (*CHILDREN, GUARD, COMMAND))
    assert {blow.name for blow in fell if blow.how == "freeze"} == {"recorder", GUARD, "line_a"}
    lost = [recovery.blow for recovery in recoveries if recovery.seconds is None]
    assert not lost, f"did not work again: {lost}"
