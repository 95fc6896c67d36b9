"""A drill on a real laboratory: overdue while a campaign is open, held when it has finished, and not due again."""

import asyncio

import pytest
import yaml

from lab_agents.guard_client import shutdown, start_guard
from lab_agents.guard_door import guard_status
from lab_agents.messages.course import DrillPassed, Rearmed, StopRecorded
from lab_agents.state_folder import StateFolder
from tests.campaigns.real_laboratory import PATIENCE, ROOT, call, real_laboratory, write_campaign

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(900)]

INSTRUMENTS = {"dispenser_a", "dispenser_b", "coater_a", "coater_b", "robot", "tester"}
DRIVING = {"line_a", "line_b", "robot", "tester"}


def write_files(folder):
    """A campaign of a laboratory that asks for a drill every week."""
    lab = yaml.safe_load((ROOT / "deployment" / "labs" / "opv_replay.yaml").read_text())
    lab["drills"] = {"every": "7 d", "person": "ada"}
    (folder / "drilled.yaml").write_text(yaml.safe_dump(lab))
    return write_campaign(folder / "campaign.yaml", samples=4, lab="./drilled.yaml")


async def test_a_drill_is_told_overdue_and_held_when_the_campaign_has_finished(tmp_path):
    campaign = await asyncio.to_thread(write_files, tmp_path)
    async with real_laboratory(tmp_path) as laboratory:
        await laboratory.start(campaign)
        await laboratory.until_logged("TicketOpened")
        said = await call("drill", "--if-due", "--state", laboratory.state)
        assert (said.code, "is open" in said.out) == (9, True), said.out + said.errors
        assert await laboratory.ended() == 0, laboratory.said()
        folder = await asyncio.to_thread(StateFolder.open, laboratory.state)
        await start_guard(folder, "main")
        try:
            await until_running(folder)
            await hold_drill(laboratory)
            await until_entered(laboratory)
        finally:
            await shutdown(folder, "main", mode="now")
        tickets = [logged.entry.record.ticket for logged in await laboratory.entries("TicketOpened")]
        assert sum("drill overdue" in ticket.trouble.what for ticket in tickets) == 1


async def hold_drill(laboratory):
    """The drill that is due reaches every instrument and re-arms; the next one is due in a week."""
    said = await call("drill", "--if-due", "--json", "--state", laboratory.state)
    assert said.code == 0, said.out + said.errors
    answer = said.json()
    assert (answer["rearmed"], answer["unanswered"]) == (True, [])
    (report,) = answer["reports"]
    assert (report["stop"]["person"], set(report["instruments"])) == ("ada", INSTRUMENTS)
    for name, one in report["instruments"].items():
        assert (one["state"]["state"], one["written_at"] is not None) == ("safe at", True), name
    again = await call("drill", "--if-due", "--state", laboratory.state)
    assert (again.code, again.out.startswith("no drill due before ")) == (0, True), again.out + again.errors
    standing = (await call("status", "--json", "--state", laboratory.state)).json()
    assert (standing["latched"], standing["drill"]["is_due"]) == (None, False)


async def until_running(folder):
    """Return when every process runs and the simulated instruments listen."""
    async with asyncio.timeout(PATIENCE):
        while True:
            status = await guard_status(folder, "main")
            if set(status["status"]["children"]) >= DRIVING and await asyncio.to_thread(folder.addresses.exists):
                return
            await asyncio.sleep(0.2)


async def until_entered(laboratory):
    """Supervision writes down the stop, its end, and that the drill passed; the drivers come back."""
    async with asyncio.timeout(PATIENCE):
        while {
            type(one.entry.record) for one in await laboratory.entries("StopRecorded", "Rearmed", "DrillPassed")
        } != {
            StopRecorded,
            Rearmed,
            DrillPassed,
        }:
            await asyncio.sleep(0.2)
        while not set(laboratory.pids()) >= DRIVING:
            await asyncio.sleep(0.2)
