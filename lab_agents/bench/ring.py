"""The ring in one process: the real behaviours of every agent over one log, with a laboratory clock that jumps.

No broker, journal or process stands between the agents; what they say is what they would say there. An agent handles
the log at its own pace: whose turn it is when several have something to do is drawn from the seed. Waits in wall time
end when nobody has anything else to do, and laboratory time jumps to the next end of a program or timer only then.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lab_agents.agents.behaviour import AgentState, AnyBehaviour, Draft, Job, JobOutcome
from lab_agents.agents.decisions import concerns, decision_id, step
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.entry import KINDS, Body, Entry
from lab_agents.messages.frames import Logged, Seal
from lab_agents.messages.life import LabOpened, Timer, TimerRang
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Task

NO_CHAIN = "0" * 64
"""Nobody checks the chain of a log that is never written."""
MOST_TURNS = 2_000_000
"""A campaign takes some thousand turns; a ring that goes on for so long will never be at rest."""


class Performer(Protocol):
    """The laboratory behind the instruments."""

    def perform(self, task: Task, now: datetime) -> tuple[datetime, JobOutcome]:
        """When a task that begins now ends, and how."""
        ...

    def discard(self, sample: str) -> None:
        """A person takes a sample away, wherever it is."""
        ...


@dataclass
class Member:
    """One agent: its rules and state, its place in the log, what it has not yet said, what moves for it."""

    name: str
    behaviour: AnyBehaviour
    state: AgentState
    position: int = 0
    outbox: list[Entry] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    rung: set[Timer] = field(default_factory=set)
    moving: dict[str, tuple[Job, datetime, JobOutcome]] = field(default_factory=dict)


class RingStuckError(Exception):
    """Nobody acts although something is owed."""


class Ring:
    """All agents of a laboratory and their log.

    Attributes:
        log: Every entry.
        now: Laboratory time.
    """

    def __init__(
        self,
        laboratory: Laboratory,
        behaviour_of: Callable[[str, Laboratory], AnyBehaviour],
        performer: Performer,
        compute: Callable[[str, str], JobOutcome],
        begins_at: datetime,
        seed: int,
    ) -> None:
        """Open the laboratory.

        Args:
            laboratory: Whose agents take part.
            behaviour_of: The rules of an agent, by its name.
            performer: Carries out tasks.
            compute: Answers a computation, from its name and arguments (JSON).
            begins_at: Laboratory time of the first entry.
            seed: Of whose turn it is.
        """
        self.log: list[Logged] = []
        self.now = begins_at
        self._performer, self._compute, self._turns = performer, compute, random.Random(seed)
        self._known: set[str] = set()
        rules = {name: behaviour_of(name, laboratory) for name in laboratory.agents}
        self._members = {name: Member(name, rule, rule.start()) for name, rule in rules.items()}
        self.say("recorder", LabOpened(laboratory=laboratory, file=NO_CHAIN, version="0"), laboratory.name)

    def say(self, source: str, body: Body, subject: str) -> None:
        """Append an entry of somebody who is no agent of the ring."""
        entry_id = f"{source}/said/{len(self.log) + 1}"
        self._append(source, self._entry(entry_id, None, Draft(body=body, subject=subject)))

    def run(self) -> None:
        """Work until nobody owes anything and nothing is due.

        Raises:
            RingStuckError: If nobody acts although something is owed.
        """
        for _ in range(MOST_TURNS):
            if not self._take_turns() and not self._ring_wall() and not self._jump():
                return
        raise RingStuckError(f"still busy at {self.now:%d %H:%M} after {len(self.log)} entries")

    # One round of turns.

    def _take_turns(self) -> bool:
        """Let everybody do what there is to do; whether anybody did anything."""
        members = list(self._members.values())
        self._turns.shuffle(members)
        # Everybody has a turn, also after the first who did something.
        return sum(self._take_turn(member) for member in members) > 0

    def _take_turn(self, member: Member) -> bool:
        before = (member.position, len(self.log))
        self._follow(member)
        entries, member.outbox = member.outbox, []
        for entry in entries:
            self._append(member.name, entry)
        self._end_motions(member)
        self._ring_due(member)
        if member.position == len(self.log):
            self._start_jobs(member)
        return before != (member.position, len(self.log)) or bool(member.outbox)

    def _follow(self, member: Member) -> None:
        for logged in self.log[member.position :]:
            member.position += 1
            if not concerns(member.name, member.behaviour, logged):
                continue
            taken = step(member.name, member.behaviour, member.state, logged)
            member.state = taken.state
            member.outbox.extend(
                self._entry(decision_id(member.name, logged.position, i), logged.position, draft)
                for i, draft in enumerate(taken.drafts)
            )

    def _start_jobs(self, member: Member) -> None:
        for job in member.state.jobs():
            if job.id in member.ended or job.id in member.moving:
                continue
            if job.task is None:
                self._end(member, job, self._compute(job.name, job.arguments))
            else:
                member.moving[job.id] = (job, *self._performer.perform(job.task, self.now))

    def _end_motions(self, member: Member) -> None:
        due = [(job, outcome) for job, ends_at, outcome in member.moving.values() if ends_at <= self.now]
        for job, outcome in due:
            del member.moving[job.id]
            self._end(member, job, outcome)

    def _end(self, member: Member, job: Job, outcome: JobOutcome) -> None:
        member.ended.add(job.id)
        member.outbox.extend(
            self._entry(f"{member.name}/{job.id}/{i}", job.cause, draft)
            for i, draft in enumerate(member.behaviour.conclude(job, outcome))
        )

    # The log.

    def _entry(self, entry_id: str, cause: int | None, draft: Draft) -> Entry:
        kind = type(draft.body).__name__
        return Entry(
            id=entry_id,
            kind=kind,
            schema_version=KINDS[kind].version,
            at=self.now,
            campaign=draft.campaign,
            subject=draft.subject,
            cause=cause,
            not_after=draft.not_after,
            record=draft.body,
        )

    def _append(self, source: str, entry: Entry) -> None:
        if entry.id in self._known:
            return
        self._known.add(entry.id)
        position = len(self.log) + 1
        seal = Seal(
            log="ring",
            position=position,
            chain=NO_CHAIN,
            source=source,
            epoch=1,
            sequence=position,
            recorded_at=self.now,
        )
        self.log.append(Logged(seal=seal, entry=entry))
        if isinstance(entry.record, TicketClosed) and entry.record.answer == "discard":
            self._performer.discard(entry.subject)

    # Time.

    def _ring(self, member: Member, timer: Timer) -> None:
        member.rung.add(timer)
        when = f"since-{timer.since}" if timer.due is None else timer.due.isoformat().replace("+", "-")
        entry_id = f"{member.name}/timer/{timer.subject}/{timer.purpose}-{when}"
        draft = Draft(body=TimerRang(purpose=timer.purpose, due=timer.due), subject=timer.subject)
        member.outbox.append(self._entry(entry_id, timer.since, draft))

    def _ring_due(self, member: Member) -> None:
        for timer in member.state.timers():
            if timer.due is not None and timer.due <= self.now and timer not in member.rung:
                self._ring(member, timer)

    def _ring_wall(self) -> bool:
        for member in self._members.values():
            for timer in member.state.timers():
                if timer.wall is not None and timer not in member.rung:
                    self._ring(member, timer)
                    return True
        return False

    def _jump(self) -> bool:
        """To the next end of a program, or timer; False where there is none."""
        members = self._members.values()
        owed = [what for member in members for what in member.state.owed()]
        if owed:
            raise RingStuckError(f"nobody acts at {self.now:%d %H:%M}, but {', '.join(owed)} is owed")
        due = [ends_at for member in members for _, ends_at, _ in member.moving.values()]
        due += [t.due for m in members for t in m.state.timers() if t.due is not None and t not in m.rung]
        if not due:
            return False
        self.now = max(self.now, min(due))
        return True
