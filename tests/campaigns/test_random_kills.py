"""Every kind of process is killed four times, some are frozen, and the campaign finishes by itself, nothing amiss."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from instruments.lab import read_laboratory
from lab_agents.benchmarks.blows import GUARD, kinds_of, plan_blows
from lab_agents.benchmarks.kills import BadNight
from lab_agents.campaign_file import read_campaign
from lab_agents.messages.course import CampaignFinished
from tests.campaigns.real_laboratory import real_laboratory, write_campaign

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1500)]

SEED, EACH, TOGETHER = 1, 4, 3
"""Of the blows; kills of each kind of process (52 in a campaign, 104 in both); at one instant: three restarts take
little longer than one, and what dies together is harder to mend."""

TRAYS = """
name: small_trays
like: thin_film
consumables:
  - {name: tips, used_by: handler, amount: 40.0, unit: piece, low: 24.0}
  - {name: substrates_a, used_by: line_a, amount: 4.0, unit: piece, low: 2.0}
  - {name: substrates_b, used_by: line_b, amount: 4.0, unit: piece, low: 2.0}
  - {name: antisolvent_a, used_by: line_a, amount: 50000.0, unit: µL}
  - {name: antisolvent_b, used_by: line_b, amount: 50000.0, unit: µL}
simulation: {world: absorber, seed: 7, settings: {miscount_rate: 0.4}}
"""
"""A thin-film laboratory in which a person has to load trays within ten films, and sometimes miscounts."""


@pytest.mark.parametrize(
    ("example", "n_films", "freezes"),
    [
        pytest.param("opv_blend", 20, True, id="replay"),
        # Freezes cost seven seconds each, and what they show does not depend on the instruments.
        pytest.param("absorber", 10, False, id="thin film"),
    ],
)
async def test_a_campaign_finishes_by_itself_although_every_process_is_killed_four_times(
    tmp_path: Path, example: str, n_films: int, *, freezes: bool
) -> None:
    """So many films that the campaign outlasts the blows."""
    changes = {"lab": str(await asyncio.to_thread(write_lab, tmp_path))} if example == "absorber" else {}
    campaign = await asyncio.to_thread(
        write_campaign, tmp_path / "night.yaml", example=example, samples=n_films, batch=4, **changes
    )
    lab = await asyncio.to_thread(lambda: read_laboratory(read_campaign(campaign).lab_path))
    blows = plan_blows(lab, SEED, EACH, freezes=freezes)
    async with real_laboratory(tmp_path) as laboratory:
        night = await BadNight(campaign, laboratory.state, blows, SEED, together=TOGETHER).run()
        assert night.code == 0, laboratory.said()
        assert night.left == []
        fell = [recovery.blow for recovery in night.recoveries]
        assert fell == blows, f"the campaign ended after {len(fell)} of {len(blows)} blows"
        lost = [recovery.blow for recovery in night.recoveries if recovery.seconds is None]
        assert not lost, f"did not work again: {lost}"
        audited, replayed = await laboratory.audit(), await laboratory.replay()
        (finished,) = [logged.entry.record for logged in await laboratory.entries("CampaignFinished")]
        loads = await laboratory.entries("ConsumableLoaded")
    assert audited.agrees, audited.to_text()
    assert (audited.n_unknown, audited.n_in_flight) == (0, 0)
    assert replayed.agrees, replayed.to_text()
    assert isinstance(finished, CampaignFinished)
    assert (finished.n_made, finished.n_failed) == (n_films, 0)
    assert loads or example != "absorber"
    kills = Counter(blow.name for blow in fell if blow.how == "kill")
    assert sum(kills.values()) >= 50
    assert all(sum(kills[name] for name in names) == EACH for names in kinds_of(lab).values())
    frozen = {blow.name for blow in fell if blow.how == "freeze"}
    assert {GUARD, "recorder"} <= frozen or not freezes
    assert frozen & set(kinds_of(lab)["synthesis"]) or not freezes


def write_lab(folder: Path) -> Path:
    """The laboratory with small trays, as a file."""
    path = folder / "small_trays.yaml"
    path.write_text(TRAYS, encoding="utf-8")
    return path
