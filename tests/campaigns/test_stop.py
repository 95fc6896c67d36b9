"""The emergency stop during a campaign: latched, killed, safe, and nothing moves until a person re-arms it."""

import asyncio
import os
import signal
from contextlib import suppress

import pytest

from lab_agents.guard_client import hold, release
from lab_agents.messages.course import Rearmed, StopRecorded
from lab_agents.messages.work import SampleQuarantined, TaskFailed
from lab_agents.state_folder import StateFolder
from tests.campaigns.real_laboratory import call, real_laboratory, write_campaign

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1500)]

DRIVING = ("line_a", "line_b", "robot", "tester")
INSTRUMENTS = {"dispenser_a", "dispenser_b", "coater_a", "coater_b", "robot", "tester"}
LONG_ENOUGH = 3.0
"""Wall seconds in which a laboratory that moves would have moved several times."""
PERMIT_LOST = 3.0
"""Wall seconds after which nobody may take an old permit for a new one; it is lost after two."""
SPEED = "1200"
"""Laboratory seconds per wall second: a soak of an hour takes three, so that a stop finds it running."""


async def test_a_stop_holds_everything_until_it_is_re_armed_whoever_is_dead_or_frozen(tmp_path):
    campaign = await asyncio.to_thread(write_campaign, tmp_path / "stopped.yaml", samples=12)
    async with real_laboratory(tmp_path) as laboratory:
        await laboratory.start(campaign, "--speed", SPEED)
        ways = (with_all_alive, with_every_agent_dead, with_the_broker_dead, with_a_frozen_agent, with_a_frozen_guard)
        stops = []
        for way in ways:
            await laboratory.until_a_film_soaks()
            stops.append(await way(laboratory))
        assert await laboratory.ended() in (0, 6), laboratory.said()
        assert_entered(await laboratory.entries("StopRecorded", "Rearmed"), stops)
        await check_halted_samples_are_known(laboratory)
        replayed = await laboratory.replay()
        assert replayed.agrees, replayed.to_text()


async def with_all_alive(laboratory):
    stop = await stopped(laboratory, "smoke")
    await check_nothing_moves(laboratory, stop)
    return await re_armed(laboratory, stop)


async def with_every_agent_dead(laboratory):
    agents = [name for name in laboratory.pids() if name in laboratory.watch.agents]
    assert set(agents) >= {*DRIVING, "planning", "supervision"}
    async with held(laboratory, *agents):
        stop = await stopped(laboratory, "nobody answers")
        await check_nothing_moves(laboratory, stop)
    return await re_armed(laboratory, stop)


async def with_the_broker_dead(laboratory):
    async with held(laboratory, "broker"):
        stop = await stopped(laboratory, "the network is down")
        await check_nothing_moves(laboratory, stop)
    return await re_armed(laboratory, stop)


async def with_a_frozen_agent(laboratory):
    frozen = laboratory.send("tester", signal.SIGSTOP)
    stop = await stopped(laboratory, "the lamp stays on")
    with suppress(ProcessLookupError):
        os.kill(frozen, signal.SIGCONT)
    await check_nothing_moves(laboratory, stop)
    assert frozen not in laboratory.pids().values()
    return await re_armed(laboratory, stop)


async def with_a_frozen_guard(laboratory):
    frozen = laboratory.send("guard", signal.SIGSTOP)
    stop = await stopped(laboratory, "the guard is silent")
    with suppress(ProcessLookupError):
        os.kill(frozen, signal.SIGCONT)
    await laboratory.until(lambda: laboratory.pids().get("guard") not in (None, frozen))
    await check_nothing_moves(laboratory, stop)
    return await re_armed(laboratory, stop)


async def test_a_laboratory_without_supervision_starts_nothing_new(tmp_path):
    campaign = await asyncio.to_thread(write_campaign, tmp_path / "unwatched.yaml", samples=4)
    async with real_laboratory(tmp_path) as laboratory:
        await laboratory.start(campaign)
        await laboratory.until_a_film_soaks()
        async with held(laboratory, "supervision"):
            await laboratory.passes(PERMIT_LOST)
            n_acts, n_tasks = len(laboratory.acts()), len(await laboratory.entries("TaskStarted"))
            await laboratory.passes(LONG_ENOUGH)
            assert len(laboratory.acts()) == n_acts
            assert len(await laboratory.entries("TaskStarted")) == n_tasks
        assert await laboratory.ended() == 0, laboratory.said()
        audited = await laboratory.audit()
    assert audited.agrees, audited.to_text()
    assert (audited.n_observations, audited.n_unknown, audited.n_failed) == (4, 0, 0)


async def stopped(laboratory, reason):
    """Stop; every instrument confirms its safe state. Returns the stop's id."""
    said = await call("stop", "--reason", reason, "--person", "ada", "--state", laboratory.state, "--json")
    assert said.code == 0, said.out + said.errors
    answer = said.json()
    assert {name: state["state"] for name, state in answer["instruments"].items()} == dict.fromkeys(
        INSTRUMENTS, "safe at"
    )
    assert answer["unanswered"] == []
    return answer["id"]


async def check_nothing_moves(laboratory, stop):
    n_acts = len(laboratory.acts())
    assert not set(DRIVING) & set(laboratory.pids())
    await laboratory.passes(LONG_ENOUGH)
    assert len(laboratory.acts()) == n_acts
    assert not set(DRIVING) & set(laboratory.pids())
    said = await call("status", "--state", laboratory.state, "--json")
    assert (said.code, said.json()["latched"]) == (8, stop)


async def re_armed(laboratory, stop):
    """Re-arm; the agents come back."""
    arguments = ("--reason", "looked at it", "--person", "ada", "--state", laboratory.state)
    said = await call("rearm", stop, *arguments)
    assert said.code == 0, said.errors
    again = await call("rearm", stop, *arguments)
    assert (again.code, "not in force" in again.errors) == (5, True), "a stop is lifted once"
    await laboratory.until(lambda: set(DRIVING) <= set(laboratory.pids()))
    return stop


def held(laboratory, *children):
    """While inside, these children are dead."""
    return Held(laboratory.state, children)


class Held:
    """Children that the guard keeps from starting."""

    def __init__(self, state, children):
        self._state, self._children = state, children

    async def __aenter__(self):
        self._folder = await asyncio.to_thread(StateFolder.open, self._state)
        for child in self._children:
            await hold(self._folder, "main", child=child, person="ada", reason="a test")

    async def __aexit__(self, *_):
        for child in self._children:
            await release(self._folder, "main", child=child)


def assert_entered(entries, stops):
    """Supervision wrote down every re-arm once, and every stop that stood while there was a supervision to hear it."""
    bodies = [logged.entry.record for logged in entries]
    recorded = [body.stop for body in bodies if isinstance(body, StopRecorded)]
    assert [body.stop for body in bodies if isinstance(body, Rearmed)] == stops
    all_alive, _, _, frozen_agent, frozen_guard = stops
    assert {all_alive, frozen_agent, frozen_guard} <= set(recorded) <= set(stops)
    assert len(set(recorded)) == len(recorded)


async def check_halted_samples_are_known(laboratory):
    """Whatever was under way is quarantined, nothing is unknown, and the ledger agrees with the log."""
    bodies = [logged.entry.record for logged in await laboratory.entries("TaskFailed", "SampleQuarantined")]
    failed = {body.sample for body in bodies if isinstance(body, TaskFailed)}
    assert failed
    assert failed <= {body.sample for body in bodies if isinstance(body, SampleQuarantined)}
    audited = await laboratory.audit()
    assert audited.agrees, audited.to_text()
    assert (audited.n_unknown, audited.n_in_flight) == (0, 0)
