"""Telling how an agent stands: everybody every beat, and at once whoever waits for its rest."""

import asyncio
import os

from instruments.protocols import Motions
from lab_agents.agents.agent import Agent
from lab_agents.agents.behaviour import AgentState, Job
from lab_agents.agents.executor import Executor
from lab_agents.agents.motion import MotionRunner
from lab_agents.bus.protocol import Bus
from lab_agents.messages.frames import AgentStatus
from lab_agents.messages.topics import Topics
from lab_agents.records.motion import Motion


def will(source: str, epoch: int) -> bytes:
    """The last will: what the carrier says for a process that died."""
    return AgentStatus(agent=source, epoch=epoch, alive=False).model_dump_json().encode()


class StatusTeller:
    """Publishes an agent's status."""

    def __init__(
        self,
        agent: Agent[AgentState],
        executor: Executor,
        bus: Bus,
        topics: Topics,
        motions: Motions | None = None,
        runner: MotionRunner | None = None,
    ) -> None:
        self._agent, self._executor, self._bus, self._motions, self._runner = agent, executor, bus, motions, runner
        self._topic = topics.build("agent_status", source=agent.name)
        self._rest_topic = topics.build("agent_rest", source=agent.name)
        self._rested: AgentStatus | None = None

    async def run(self) -> None:
        """Publish every beat, and at once what somebody waits for."""
        changed = self._agent.changed.listen()
        last: AgentStatus | None = None
        told_at = float("-inf")
        loop = asyncio.get_running_loop()
        while True:
            changed.clear()
            rest = self.rest()
            await self._tell_rest(rest)
            is_news = last is None or rest.stuck != last.stuck
            if is_news or loop.time() - told_at >= self._agent.settings.beat:
                # The next one comes by itself: an acknowledgement of each would double what the broker carries.
                told = self.status().model_copy(
                    update={"follows": self._agent.follows, "partakes": self._agent.partakes}
                )
                await self._bus.publish(self._topic, told.model_dump_json().encode(), retain=True, qos=0)
                last, told_at = rest, loop.time()
            try:
                async with asyncio.timeout(told_at + self._agent.settings.beat - loop.time()):
                    await changed.wait()
            except TimeoutError:
                continue

    async def _tell_rest(self, status: AgentStatus) -> None:
        """Tell the clock what lets it go on or holds it; what an agent owes meanwhile holds it in any case.

        Every motion is listed before its program can end: a program that nobody lists counts as seen to its end.
        """
        head, last = self._agent.link.head, self._rested
        is_behind = head is not None and status.position < head.position
        if is_behind:
            self._agent.wake_at_head()
        if last is not None and self._agent.heeded <= last.position and _bearing(status) == _bearing(last):
            return
        may_matter = (status.owes_nothing and not is_behind) or last is None or last.owes_nothing
        if may_matter or _tokens(status) != _tokens(last):
            await self._bus.publish(self._rest_topic, status.model_dump_json().encode(), qos=0)
            self._rested = status

    def status(self) -> AgentStatus:
        """How the agent stands now, with what people want to know."""
        agent, rest, runner = self._agent, self.rest(), self._runner
        return rest.model_copy(
            update={
                "activity": _activity(rest.motions, tuple(self._executor.running)),
                "waits": {**agent.state.waits(), **self._executor.waits, **(runner.waits if runner else {})},
                "withheld": {} if runner is None else {t: w.since for t, w in runner.withheld.items()},
            }
        )

    def rest(self) -> AgentStatus:
        """How the agent stands now, as far as a clock must know it: it is asked with every entry."""
        agent = self._agent
        # The cursor first, the outbox last: the journal's thread writes them in the opposite order, so that a status
        # never shows an entry as handled without what follows from it.
        cursor = agent.cursor
        motions = self._motions.motions() if self._motions else ()
        timers = [t.due for t in agent.timers() if t.due is not None]
        untils = [m.until for m in motions if m.waits and m.until is not None]
        owed = self._owed(motions)
        return AgentStatus(
            agent=agent.name,
            epoch=agent.link.epoch,
            log=cursor.log,
            position=cursor.position,
            outbox=agent.outbox_size,
            owed=owed,
            motions=motions,
            next_timer=min((*timers, *untils), default=None),
            stuck=agent.stuck or agent.trouble(),
            pid=os.getpid(),
        )

    def _owed(self, motions: tuple[Motion, ...]) -> tuple[str, ...]:
        """What the simulated clock must wait for: everything but motions that only wait, and what will not start."""
        waiting = {motion.token for motion in motions if motion.waits}
        state = self._agent.state
        # People may never answer; what still runs must be able to end without them.
        owed = [*state.owed(), *(() if self._executor.is_ending else state.asked())]
        if not self._agent.is_born:
            owed.append("birth")
        wanted = [job for job in self._agent.jobs_wanted() if not self._is_put_off(job)]
        owed.extend(job.id for job in wanted if not (job.task and waiting & set(job.task.tokens)))
        owed.extend(m.token for m in motions if not m.waits)
        return tuple(owed)

    def _is_put_off(self, job: Job) -> bool:
        """Whether a job starts no more, or goes no further, because of a pause or the end of the laboratory.

        What still runs may need laboratory time to end by itself; a clock that waited for this job would never let it.
        """
        if self._is_withheld(job):
            return True
        if not self._executor.is_ending:
            return False
        if job.id not in self._executor.running:
            return True
        return job.task is not None and self._runner is not None and job.task.id in self._runner.put_off

    def _is_withheld(self, job: Job) -> bool:
        """Whether its motion stands before an act that the state withholds: once that ends, the clock must wait."""
        if job.task is None or self._runner is None or job.task.id not in self._runner.withheld:
            return False
        return bool(self._agent.state.withheld(job, self._runner.withheld[job.task.id].act))


def _bearing(status: AgentStatus) -> tuple[object, ...]:
    """What bears on the clock, apart from how far the log was handled."""
    return status.log, status.outbox, status.owed, status.motions, status.next_timer, status.stuck


def _tokens(status: AgentStatus | None) -> frozenset[str]:
    return frozenset() if status is None else frozenset(motion.token for motion in status.motions)


def _activity(motions: tuple[Motion, ...], running: tuple[str, ...]) -> str:
    if motions:
        return ", ".join(f"{m.instrument}: {m.plan}" for m in motions)
    return ", ".join(sorted(name.split("/", 1)[-1] for name in running))
