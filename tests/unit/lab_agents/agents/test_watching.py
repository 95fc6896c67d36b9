"""Supervision hears who is silent and what guards report, enters each once, and repeats its permit."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from lab_agents.agents.deaf_channels import DeafChannels
from lab_agents.agents.supervision import Supervision
from lab_agents.agents.watching import Watching
from lab_agents.bus.memory import MemoryBus
from lab_agents.messages.course import AgentDeclaredOut
from lab_agents.messages.frames import AgentStatus, GuardStatus, Permit, Rearm, StopRequest
from lab_agents.messages.life import TroubleMet
from lab_agents.notify.pending import PendingNotices
from lab_agents.records.laboratory import AgentDeclaration, Laboratory
from tests.small_log import AT, QUICK, TOPICS, SmallLog, small_log
from tests.toy_agent import Life, living

LABORATORY = Laboratory(
    name="small",
    agents={"line": AgentDeclaration(role="synthesis"), "supervision": AgentDeclaration(role="supervision")},
    instruments={},
)
STOP = StopRequest(id="stop-1", person="p", reason="smoke", at=AT)


class Others:
    """What everybody but supervision says."""

    def __init__(self, log: SmallLog, bus: MemoryBus) -> None:
        self._log, self._bus = log, bus
        self._beats: dict[str, asyncio.Task[None]] = {}

    def begin_to_beat(self, agent: str) -> None:
        """A status every beat, at the head."""
        self._beats[agent] = asyncio.create_task(self._beat(agent))

    async def stop_beating(self, *agents: str) -> None:
        """They fall silent."""
        tasks = [self._beats.pop(agent) for agent in agents or tuple(self._beats)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _beat(self, agent: str) -> None:
        while True:
            await self.say_status(agent)
            await asyncio.sleep(QUICK.beat)

    async def say_status(self, agent: str, **fields: object) -> None:
        """One status."""
        values = {"agent": agent, "epoch": 1, "log": "L", "position": self._log.writer.position, **fields}
        status = AgentStatus.model_validate(values)
        await self._bus.publish(TOPICS.build("agent_status", source=agent), status.model_dump_json().encode())

    async def say_guard(self, **fields: object) -> None:
        """What the guard of the machine reports."""
        status = GuardStatus.model_validate({"machine": "main", "epoch": 1, "pid": 1, **fields})
        await self._bus.publish(TOPICS.build("guard_status", machine="main"), status.model_dump_json().encode())


@asynccontextmanager
async def watching(
    log: SmallLog, folder: Path, epoch: int = 1, channels: DeafChannels | None = None
) -> AsyncIterator[tuple[Life, Others]]:
    """Supervision with its ears; supervision itself beats."""
    async with living(log, folder, epoch, Supervision("supervision"), name="supervision") as life:
        others = Others(log, await log.join("others"))
        others.begin_to_beat("supervision")
        task = asyncio.create_task(Watching(life.agent, life.bus, TOPICS, log.blobs, channels).run())
        try:
            yield life, others
        finally:
            await others.stop_beating()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def kinds(log: SmallLog) -> list[str]:
    """What stands in the log but births and tickets."""
    entries = await log.entries(1)
    return [entry.kind for entry in entries if entry.kind not in ("LabOpened", "AgentStarted")]


async def until_kinds(log: SmallLog, *wanted: str) -> None:
    """Wait until the log holds exactly these, and a few more looks later still does."""
    async with asyncio.timeout(60):
        while [kind for kind in await kinds(log) if kind in wanted] != list(wanted):
            await asyncio.sleep(0.01)
    await asyncio.sleep(5 * QUICK.beat)
    assert [kind for kind in await kinds(log) if kind in wanted] == list(wanted)


async def test_a_silent_agent_is_declared_out_once_and_in_again_when_it_is_back(tmp_path: Path) -> None:
    """And a second silence is a second declaration."""
    async with small_log(tmp_path, laboratory=LABORATORY) as log, watching(log, tmp_path) as (life, others):
        await until_kinds(log, "AgentDeclaredOut")
        assert life.agent.state.out == {"line"}
        others.begin_to_beat("line")
        await until_kinds(log, "AgentDeclaredOut", "AgentDeclaredIn")
        assert life.agent.state.out == frozenset()
        await others.stop_beating("line")
        await until_kinds(log, "AgentDeclaredOut", "AgentDeclaredIn", "AgentDeclaredOut")


async def test_an_agent_that_beats_is_never_declared_out(tmp_path: Path) -> None:
    """Not even one that is behind: it can be seen."""
    async with small_log(tmp_path, laboratory=LABORATORY) as log, watching(log, tmp_path) as (_, others):
        others.begin_to_beat("line")
        await asyncio.sleep(2 * QUICK.declare_out)
        assert "AgentDeclaredOut" not in await kinds(log)


async def test_an_agent_that_stays_stuck_is_declared_out_until_it_goes_on(tmp_path: Path) -> None:
    """It beats, but holds the clock for everybody until a person ships a fix or voids the entry."""
    async with small_log(tmp_path, laboratory=LABORATORY) as log, watching(log, tmp_path) as (_, others):
        async with asyncio.timeout(60):
            while "AgentDeclaredOut" not in await kinds(log):
                await others.say_status("line", stuck="stuck at 3")
                await asyncio.sleep(QUICK.beat)
        (said,) = [e.record for e in await log.entries(1) if isinstance(e.record, AgentDeclaredOut)]
        assert said.reason.startswith("stuck at 3 for")
        others.begin_to_beat("line")
        await until_kinds(log, "AgentDeclaredOut", "AgentDeclaredIn")


async def test_an_agent_that_beats_and_takes_nothing_is_a_ticket_once(tmp_path: Path) -> None:
    """It is alive and not stuck, and would never be missed."""
    async with small_log(tmp_path, laboratory=LABORATORY) as log, watching(log, tmp_path) as (_, others):
        async with asyncio.timeout(60):
            while "TicketOpened" not in await kinds(log):
                await others.say_status("line", position=1)
                await asyncio.sleep(QUICK.beat)
        # A busy machine can make supervision miss its own beats here as well.
        said = [e.record for e in await log.entries(1) if isinstance(e.record, TroubleMet) and e.subject == "line"]
        assert [one.trouble.evidence["position"] for one in said] == ["1"]


async def test_a_last_will_is_no_sign_of_life(tmp_path: Path) -> None:
    """However often a broker repeats it."""
    async with small_log(tmp_path, laboratory=LABORATORY) as log, watching(log, tmp_path) as (_, others):
        async with asyncio.timeout(60):
            while "AgentDeclaredOut" not in await kinds(log):
                await others.say_status("line", alive=False)
                await asyncio.sleep(QUICK.beat)


async def test_a_stop_and_its_re_arming_are_recorded_once_each(tmp_path: Path) -> None:
    """A guard repeats its status twice a second, and supervision may be restarted in between."""
    rearm = Rearm(stop="stop-1", person="p", reason="looked", at=AT)
    async with small_log(tmp_path, laboratory=LABORATORY) as log:
        async with watching(log, tmp_path) as (_, others):
            others.begin_to_beat("line")
            for _ in range(3):
                await others.say_guard(latched="stop-1", stops=(STOP,))
            await until_kinds(log, "StopRecorded")
        async with watching(log, tmp_path, 2) as (_, others):
            others.begin_to_beat("line")
            await others.say_guard(latched="stop-1", stops=(STOP,))
            await until_kinds(log, "StopRecorded")
            await others.say_guard(rearms=(rearm,))
            await until_kinds(log, "StopRecorded", "Rearmed")
            await others.say_guard(rearms=(rearm,))
            await until_kinds(log, "StopRecorded", "Rearmed")


async def test_the_permit_is_repeated_every_beat(tmp_path: Path) -> None:
    """With a number that grows, and never retained: a dead supervisor grants nothing."""
    heard: list[tuple[int, bool]] = []
    async with small_log(tmp_path, laboratory=LABORATORY) as log:
        bus = await log.join("listener")
        await bus.subscribe(
            TOPICS.build("permit"),
            lambda message: heard.append((Permit.model_validate_json(message.payload).number, message.retained)),
        )
        async with watching(log, tmp_path), asyncio.timeout(60):
            while len(heard) < 4:
                await asyncio.sleep(0.005)
    assert heard[:4] == [(1, False), (2, False), (3, False), (4, False)]


async def test_garbage_under_a_status_topic_is_ignored(tmp_path: Path) -> None:
    """Supervision must not die of what others write."""
    async with small_log(tmp_path, laboratory=LABORATORY) as log, watching(log, tmp_path) as (life, others):
        others.begin_to_beat("line")
        bus = await log.join("stranger")
        await bus.publish(TOPICS.build("agent_status", source="line"), b"{nonsense")
        await bus.publish(TOPICS.build("guard_status", machine="main"), b"\xff")
        await others.say_guard(latched="stop-1", stops=(STOP,))
        await until_kinds(log, "StopRecorded")
        assert life.agent.stuck is None


async def test_messages_that_nobody_can_read_are_kept_and_one_ticket_tells_of_all(tmp_path: Path) -> None:
    """Whoever sends them has something wrong, and a person should know."""
    noise = (b"{nonsense", b"\xff", b"{}", b"[" * 50_000)
    async with small_log(tmp_path, laboratory=LABORATORY) as log, watching(log, tmp_path) as (_, others):
        others.begin_to_beat("line")
        bus, permits = await log.join("stranger"), asyncio.Event()
        await bus.subscribe(TOPICS.build("permit"), lambda _: permits.set())
        await permits.wait()
        places = ("permit", {}), ("stop", {}), ("agent_status", {"source": "x"}), ("guard_status", {"machine": "y"})
        for (name, parts), data in zip(places, noise, strict=True):
            await bus.publish(TOPICS.build(name, **parts), data)
        await until_kinds(log, "TicketOpened")
        (met,) = [e.record.trouble for e in await log.entries(1) if isinstance(e.record, TroubleMet)]
        assert 1 <= int(met.evidence["count"]) <= len(noise)
        for data in noise:
            assert await asyncio.to_thread(log.blobs.get, hashlib.sha256(data).hexdigest()) == data


async def test_a_stop_that_no_entry_can_name_leaves_supervision_alive_and_is_a_ticket(tmp_path: Path) -> None:
    """A guard repeats it with each status: supervision would never live long enough to do anything."""
    async with small_log(tmp_path, laboratory=LABORATORY) as log, watching(log, tmp_path) as (_, others):
        others.begin_to_beat("line")
        bus, permits = await log.join("listener"), asyncio.Event()
        await bus.subscribe(TOPICS.build("permit"), lambda _: permits.set())
        await permits.wait()
        await others.say_guard(latched="{}", stops=(STOP.model_copy(update={"id": "{}"}), STOP))
        await until_kinds(log, "StopRecorded", "TicketOpened")


async def test_a_channel_that_takes_nothing_becomes_one_ticket(tmp_path: Path) -> None:
    """By whatever the notifier of this machine has written of it."""
    path = tmp_path / "notifications" / "pending.sqlite"
    await asyncio.to_thread(_fail, path, "phone")
    deaf = DeafChannels(path, ("phone",), 0.01)
    async with (
        small_log(tmp_path, laboratory=LABORATORY) as log,
        watching(log, tmp_path, channels=deaf) as (_, others),
    ):
        others.begin_to_beat("line")
        await until_kinds(log, "TicketOpened")
        await asyncio.sleep(10 * QUICK.beat)
        entries = await log.entries(1)
    (trouble,) = [entry for entry in entries if isinstance(entry.record, TroubleMet)]
    assert trouble.subject == "channel-phone"
    assert [entry.subject for entry in entries if entry.kind == "TicketOpened"] == ["channel-phone"]


def _fail(path: Path, channel: str) -> None:
    with closing(PendingNotices(path)) as pending:
        pending.failed(channel, "refused", AT)
