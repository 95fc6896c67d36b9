"""The laboratory is at rest only when every agent that counts has reported for the newest entry and owes nothing."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.log import LogLink
from lab_agents.messages.commands import AbortCampaign
from lab_agents.messages.course import AgentDeclaredIn, AgentDeclaredOut, CampaignFinished
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import GENESIS, AgentStatus, GuardStatus, Head, Seal, chain_after, pack
from lab_agents.messages.life import LabOpened
from lab_agents.messages.topics import Topics
from lab_agents.messages.work import WORK_KINDS, ReservationReleased, ReservationRequested, TaskFailed, TaskStarted
from lab_agents.records.base import Record
from lab_agents.records.motion import Motion
from lab_agents.records.recipe import Act, Recipe, Step, Task
from lab_agents.rest import RestWatch
from tests.small_log import AT, LABORATORY, make_entry

TOPICS = Topics("small")
TOKEN = "a" * 16
DOSE = Act(instrument="toy", plan="dose", arguments={})


class Ward:
    """A watch on a bus whose news and wall clock are in the test's hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.bus = MemoryBus(MemoryCarrier(), "rest")
        link = LogLink(self.bus, TOPICS, "rest", 0)
        self.watch = RestWatch(self.bus, TOPICS, link, monotonic=lambda: self.now)
        self.position, self.chain = 0, GENESIS

    async def log(self, body: Body, source: str = "x") -> None:
        """One more entry, published as a recorder does it, and then the head."""
        self.position += 1
        data = make_entry(f"x/{self.position}/0", body).to_bytes()
        self.chain = chain_after(self.chain, data)
        place = {"log": "L", "position": self.position, "chain": self.chain, "recorded_at": AT}
        seal = Seal.model_validate({**place, "source": source, "epoch": 1, "sequence": 1})
        await self.tell("log", pack(seal, data))
        await self.tell("head", Head(log="L", position=self.position, chain=self.chain, recorder=1))

    async def tell(self, topic: str, payload: Record | bytes, **parts: str) -> None:
        """A message on the bus, brought to the watch."""
        data = payload if isinstance(payload, bytes) else payload.model_dump_json().encode()
        await self.bus.publish(TOPICS.build(topic, **parts), data)
        for _ in range(10):
            await asyncio.sleep(0)

    async def status(self, agent: str, **fields: object) -> None:
        """An agent's status: idle at the newest entry unless said otherwise."""
        values = {"agent": agent, "epoch": 1, "log": "L", "position": self.position, **fields}
        await self.tell("agent_rest", AgentStatus.model_validate(values), source=agent)

    async def rest(self) -> None:
        """Both agents are idle at the newest entry."""
        await self.status("line")
        await self.status("planning")


@pytest.fixture
async def ward():
    """A laboratory that was opened, with both agents at rest."""
    ward = Ward()
    async with ward.bus:
        running = asyncio.create_task(ward.watch.run())
        while len(ward.bus.filters) < 5:  # pages, heads, entries, agents, guards
            await asyncio.sleep(0)
        await ward.log(LabOpened(laboratory=LABORATORY, file="0" * 64, version="1"))
        await ward.rest()
        yield ward
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_idle_agents_at_the_head_are_at_rest(ward: Ward) -> None:
    """Nothing keeps the clock."""
    assert ward.watch.verdict(()).at_rest


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"position": 0}, "line has handled entry 0 of 1"),
        ({"outbox": 2}, "line waits for 2 entries to be recorded"),
        ({"owed": ("7/ask",)}, "line works on 7/ask"),
        ({"stuck": "stuck at 1"}, "line is stuck at 1"),
        ({"alive": False}, "line is not there"),
        ({"log": "other"}, "line has handled entry 1 of 1"),
    ],
)
async def test_whoever_owes_something_holds_the_clock(ward: Ward, fields: dict[str, object], reason: str) -> None:
    """And the verdict says who and why."""
    await ward.status("line", **fields)
    verdict = ward.watch.verdict(())
    assert not verdict.at_rest
    assert verdict.reason == reason


async def test_a_new_entry_wakes_the_laboratory(ward: Ward) -> None:
    """Until everyone has reported for it."""
    await ward.log(AbortCampaign(person="p", reason="r"))
    assert not ward.watch.verdict(()).at_rest
    await ward.status("line")
    assert ward.watch.verdict(()).reason == "planning has handled entry 1 of 2"
    await ward.status("planning")
    assert ward.watch.verdict(()).at_rest


async def test_an_agent_need_not_report_for_an_entry_that_does_not_concern_it(ward: Ward) -> None:
    """It says which kinds do; its own entries always do, and whoever has not said so reports for all."""
    await ward.status("line", follows=("TaskStarted",))
    await ward.log(AbortCampaign(person="p", reason="r"))
    await ward.status("planning")
    assert ward.watch.verdict(()).at_rest
    task = Task(id="w/0", work="w", sample="s", step=0, name="dose", owner="planning", acts=(DOSE,))
    await ward.log(TaskStarted(task=task))
    await ward.status("planning")
    assert ward.watch.verdict(()).reason == "line has handled entry 1 of 3"
    await ward.status("line")
    assert ward.watch.verdict(()).at_rest
    await ward.log(AbortCampaign(person="p", reason="r"), source="line")
    await ward.status("planning")
    assert ward.watch.verdict(()).reason == "line has handled entry 3 of 4"


async def test_who_takes_no_part_in_a_work_need_not_report_for_its_course(ward: Ward) -> None:
    """Its holder, its service and the owners of its steps do; of unknown work everybody does."""
    for agent in ("line", "planning"):
        await ward.status(agent, follows=("TroubleMet",), partakes=tuple(WORK_KINDS))
    steps = (Step(name="dose", owner="line", acts=(DOSE,)),)
    asked = {"work": "w", "sample": "s", "service": "robot", "needs": (), "recipe": Recipe(needs=(), steps=steps)}
    await ward.log(ReservationRequested.model_validate(asked), source="tester")
    await ward.status("line")
    assert ward.watch.verdict(()).at_rest
    await ward.log(ReservationReleased(work="w", places=()), source="tester")
    assert ward.watch.verdict(()).reason == "line has handled entry 2 of 3"
    await ward.status("line")
    assert ward.watch.verdict(()).at_rest
    await ward.log(TaskFailed(task="w/0", work="w", sample="s", step=0, owner="line", cause="c"), source="tester")
    await ward.status("line")
    assert ward.watch.verdict(()).reason == "planning has handled entry 1 of 4"


async def test_a_new_process_of_an_agent_reports_for_everything_before_its_birth(ward: Ward) -> None:
    """It may follow other kinds than the one before."""
    await ward.status("line", follows=("TaskStarted",))
    await ward.log(AbortCampaign(person="p", reason="r"))
    await ward.status("planning")
    await ward.status("line", epoch=2, position=1)
    assert ward.watch.verdict(()).reason == "line has handled entry 1 of 2"
    await ward.status("line", epoch=2)
    assert ward.watch.verdict(()).at_rest


async def test_a_silent_agent_is_not_at_rest(ward: Ward) -> None:
    """Two seconds without a word."""
    ward.now += 2.5
    await ward.status("planning")
    assert ward.watch.verdict(()).reason == "line is silent"


async def test_an_agent_declared_out_counts_no_more_until_it_is_in(ward: Ward) -> None:
    """A dead agent must not keep the clock for ever."""
    await ward.log(AgentDeclaredOut(agent="line", reason="silent"))
    await ward.status("planning")
    assert ward.watch.verdict(()).at_rest
    await ward.log(AgentDeclaredIn(agent="line"))
    await ward.status("planning")
    assert ward.watch.verdict(()).reason == "line has handled entry 1 of 3"


async def test_a_waiting_motion_lets_the_clock_jump_until_its_program_ended(ward: Ward) -> None:
    """Then its agent owes a look; once it no longer lists the token, the end is acknowledged."""
    moving = Motion(instrument="toy", token=TOKEN, plan="dose", waits=True)
    await ward.status("line", motions=(moving,))
    assert ward.watch.verdict(()).at_rest
    after = ward.watch.verdict({TOKEN})
    assert not after.at_rest
    assert after.acknowledged == frozenset()
    await ward.status("line")
    assert ward.watch.verdict({TOKEN}).acknowledged == {TOKEN}


async def test_the_death_of_an_agent_acknowledges_nothing(ward: Ward) -> None:
    """Its last will lists no motion, but nobody has seen the end."""
    await ward.status("line", motions=(Motion(instrument="toy", token=TOKEN, plan="dose", waits=True),))
    await ward.status("line", alive=False)
    assert ward.watch.verdict({TOKEN}).acknowledged == frozenset()


async def test_a_late_will_of_an_older_process_is_ignored(ward: Ward) -> None:
    """Its successor is at work."""
    await ward.status("line", epoch=2)
    await ward.status("line", epoch=1, alive=False)
    assert ward.watch.verdict(()).at_rest


async def test_the_earliest_timer_is_told(ward: Ward) -> None:
    """The clock jumps to it and not past it."""
    soon = datetime(2026, 1, 1, tzinfo=UTC)
    await ward.status("line", next_timer=soon + timedelta(hours=1))
    await ward.status("planning", next_timer=soon)
    assert ward.watch.verdict(()).next_timer == soon


async def test_a_latched_guard_lets_the_clock_run_at_wall_speed(ward: Ward) -> None:
    """Safe states take their time, and nobody is at rest."""
    await ward.tell("guard_status", GuardStatus(machine="main", epoch=1, pid=1, latched="stop-1"), machine="main")
    assert ward.watch.verdict(()).runs_at_wall_speed


async def test_a_program_whose_agent_is_out_runs_at_wall_speed_until_it_ends(ward: Ward) -> None:
    """Nobody reports for it, so it is neither waited for nor jumped over."""
    task = Task(id="make-1/0", work="make-1", sample="s", step=0, name="dispense", owner="line", acts=(DOSE,))
    await ward.log(TaskStarted(task=task))
    await ward.rest()
    assert not ward.watch.verdict((), task.tokens).runs_at_wall_speed
    await ward.log(AgentDeclaredOut(agent="line", reason="silent"))
    assert ward.watch.verdict((), task.tokens).runs_at_wall_speed
    assert not ward.watch.verdict(task.tokens, ()).runs_at_wall_speed
    assert not ward.watch.verdict((), {TOKEN}).runs_at_wall_speed
    await ward.log(TaskFailed(task=task.id, work="make-1", sample="s", step=0, owner="line", cause="c"))
    assert not ward.watch.verdict((), task.tokens).runs_at_wall_speed


async def test_the_clock_knows_whether_a_campaign_is_open(ward: Ward) -> None:
    """Without one it stands."""
    assert not ward.watch.verdict(()).campaign_open
    await ward.log(CampaignFinished(reason="r", n_made=0, n_observed=0, n_failed=0))
    assert not ward.watch.verdict(()).campaign_open


async def test_garbage_is_ignored(ward: Ward) -> None:
    """A foreign message never stops the clock's owner."""
    await ward.tell("head", b"{nonsense")
    await ward.tell("agent_status", b"{nonsense", source="line")
    await ward.tell("guard_status", b"{nonsense", machine="main")
    assert ward.watch.verdict(()).at_rest
