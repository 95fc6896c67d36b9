"""The loop that runs an agent: follow the log, apply and decide in one commit, submit, and keep jobs running."""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from lab_agents import __version__
from lab_agents.agents.behaviour import AgentState, Behaviour, Draft, Job, JobOutcome
from lab_agents.agents.birth import Met, check_log, find_voided, is_lost, next_of
from lab_agents.agents.changes import Changes
from lab_agents.agents.decisions import concerns, decision_id, follows, heeds, step, wants
from lab_agents.agents.poison import stuck_at, voids
from lab_agents.agents.rebuild import Rebuild
from lab_agents.agents.state_text import StateText
from lab_agents.clock import Clock
from lab_agents.errors import UnreadableEntryError
from lab_agents.journal import Journal, OutboxRow, Saved
from lab_agents.log import Cursor, LogLink, Submitter
from lab_agents.messages.entry import KINDS, Entry
from lab_agents.messages.frames import Answer, Logged, Passed
from lab_agents.messages.life import AgentStarted, EntryRefused, Timer, TimerRang
from lab_agents.settings import DEFAULT, Settings
from lab_agents.threads import Worker

S = TypeVar("S", bound=AgentState)


@dataclass(frozen=True)
class Memory:
    """An agent's journal and the one thread that may touch it; `trouble` says why nothing can be written now."""

    journal: Journal
    worker: Worker
    trouble: Callable[[], str | None] = lambda: None


class Agent(Generic[S]):
    """One agent process apart from its jobs: state, journal, place in the log.

    `changed` tells its listeners (executor, status) whenever something happened that they may care about.
    """

    def __init__(
        self,
        name: str,
        behaviour: Behaviour[S],
        memory: Memory,
        link: LogLink,
        clock: Clock,
        settings: Settings = DEFAULT,
    ) -> None:
        self.name, self.behaviour, self.link, self.clock, self.settings = name, behaviour, link, clock, settings
        self._journal, self._worker, self.trouble = memory.journal, memory.worker, memory.trouble
        # One object, so that whoever writes it down, in the journal's thread, never has a state of another position.
        self._stand: tuple[S, Cursor] = (behaviour.start(), Cursor())
        self.concluded: frozenset[str] = frozenset()
        self.outbox_size = 0
        self.stuck: str | None = None
        self.is_born = False
        self.rebuilt_until = 0
        self.changed = Changes()
        self._saved_position = 0
        self._saved_state: S | None = None
        self._timers: tuple[S | None, tuple[Timer, ...]] = (None, ())
        self._known: list[int] = []
        self._wants = wants(name, behaviour)
        told = behaviour.only_told
        self.follows = tuple(sorted(follows(behaviour) - told.kinds - told.works))
        self.partakes = tuple(sorted(behaviour.kinds & told.works))
        self.heeded = 0
        self._wakes_at_head = False
        self._state_text = StateText()
        self._submitter: Submitter | None = None

    @property
    def state(self) -> S:
        """All that is known, after the entry at `cursor`."""
        return self._stand[0]

    @state.setter
    def state(self, state: S) -> None:
        self._stand = (state, self.cursor)

    @property
    def cursor(self) -> Cursor:
        """How far the log was handled."""
        return self._stand[1]

    @cursor.setter
    def cursor(self, cursor: Cursor) -> None:
        self._stand = (self.state, cursor)

    # Birth.

    async def be_born(self, submitter: Submitter) -> None:
        """Announce this process to the recorder and take up the journal, or make it anew where it was lost.

        Raises:
            ForeignLogError: If the log is not the one this journal followed.
            FencedError: If a newer process of this agent was born.
        """
        self._submitter = submitter
        saved = await self._worker.run(self._journal.load)
        await self._worker.run(self._write_epochs, (*saved.epochs, self.link.epoch))
        await self.link.start(Cursor(saved.log, saved.position, saved.chain))
        answer = await self.link.birth(saved.sequence, max(saved.epochs, default=0))
        check_log(self.name, saved, answer)
        has_lost = is_lost(saved, answer)
        self.rebuilt_until = saved.rebuilt_until
        if has_lost or not await self._worker.run(self._take_up, saved):
            await self._rebuild(answer)
        started = AgentStarted(agent=self.name, epoch=self.link.epoch, version=__version__, rebuilt=has_lost)
        await self._worker.run(self._begin, started)
        # A new process reports for all that its laboratory already has.
        self.is_born, self.heeded = True, max(self.heeded, answer.head)
        self.link.on_answer = self._hear
        submitter.wake()
        self.changed.set()

    def _take_up(self, saved: Saved) -> bool:
        """Load the state; False where this software cannot read it, so that it must be made anew."""
        if saved.state is not None:
            try:
                self.state = type(self.state).model_validate_json(saved.state)
            except ValidationError:
                return False
        self.cursor = Cursor(saved.log, saved.position, saved.chain)
        self._saved_state, self._saved_position = self.state, saved.position
        return True

    async def _rebuild(self, answer: Answer) -> None:
        """Make state, position and outbox anew from the log, up to the head at birth."""
        rebuild = Rebuild(self.name, self.behaviour, await find_voided(self.name, self.link, self._wants, answer.head))
        self.link.rewind(Cursor())
        while rebuild.position < answer.head and rebuild.take(await next_of(self.link, self._wants)):
            continue
        # Where an entry could not be handled, the loop meets it again, and knows how to be stuck.
        self.link.rewind(rebuild.cursor)
        self.state, self.rebuilt_until = rebuild.state, answer.head
        await self._worker.run(self._start_over, rebuild, answer)

    def _start_over(self, rebuild: Rebuild[S], answer: Answer) -> None:
        self._journal.start_over()
        self._saved_state = None
        with self._journal.transaction() as journal:
            journal.write_rebuilt(answer.sequence, answer.head)
            self.cursor = rebuild.cursor
            self._write(journal, self.state, self.cursor)
            for cause, ordinal, draft in rebuild.missing():
                journal.add_outbox(self._entry(decision_id(self.name, cause, ordinal), cause, draft))
        self._saved_state, self._saved_position = self.state, self.cursor.position

    def _write_epochs(self, epochs: Sequence[int]) -> None:
        with self._journal.transaction() as journal:
            journal.write_epochs(epochs)

    def _begin(self, started: AgentStarted) -> None:
        """Nothing but the confirmed epoch is kept: the recorder gave it out, so it is the last one from here on."""
        with self._journal.transaction() as journal:
            journal.write_epochs((self.link.epoch,))
            entry = self._entry(f"{self.name}/epoch/{started.epoch}", None, Draft(body=started, subject=self.name))
            journal.add_outbox(entry)
        self._look()

    # Following.

    async def follow(self) -> None:
        """Handle every entry, in order, for ever."""
        while True:
            await self._take(await next_of(self.link, self._wants))

    async def _take(self, logged: Met) -> None:
        if isinstance(logged, Passed):
            self.cursor = _cursor_at(logged)
            self._pass_by()
            return
        if isinstance(logged, UnreadableEntryError):
            await self._be_stuck(Cursor(logged.log, logged.position, logged.chain), str(logged), str(logged))
            return
        for _ in range(self.settings.poison_tries):
            try:
                may_act = not self._listen(logged) and await self._worker.run(self._handle, logged)
            except Exception as error:  # noqa: BLE001 - the loop's edge: becomes TroubleMet with its trace
                trace = "".join(traceback.format_exception(error))
            else:
                self._tell() if may_act else self._pass_by()
                return
        what = f"{self.name} cannot handle entry {logged.position} ({logged.entry.kind} {logged.entry.id})"
        await self._be_stuck(_cursor_at(logged), what, trace)

    def timers(self) -> tuple[Timer, ...]:
        """The wake-ups that the state wants; one object for one state, because they are asked for all the time."""
        state, (asked, timers) = self.state, self._timers
        if asked is not state:
            timers = state.timers()
            self._timers = (state, timers)
        return timers

    def _pass_by(self) -> None:
        """Nobody need look because of the last entry, unless somebody waits for the head."""
        if self._wakes_at_head and self.link.has_caught_up:
            self._wakes_at_head = False
            self.changed.set()

    def wake_at_head(self) -> None:
        """Set `changed` once the head is handled; an entry of no concern is no reason to look at anything otherwise."""
        self._wakes_at_head = True

    def _listen(self, logged: Logged) -> bool:
        """Take in an entry that only tells something: nothing is decided and nothing is committed because of it.

        Most of the log is of this kind to a station; crossing to the journal's thread takes longer than applying it.

        Returns:
            Whether that was all.
        """
        name, behaviour, before = self.name, self.behaviour, self.state
        if not concerns(name, behaviour, logged):
            self.cursor = _cursor_at(logged)
            return True
        if self._is_answer(logged) or heeds(name, behaviour, before, before, logged):
            return False
        after = behaviour.apply(before, logged)
        if heeds(name, behaviour, before, after, logged):
            return False
        self._stand = (after if after != before else before, _cursor_at(logged))
        return True

    def _handle(self, logged: Logged) -> bool:
        """Begin, apply, decide, write position, state and outbox, commit: whole in the journal's thread.

        What brings nothing to say moves position and state in memory: it stands in the log, `keep_position` writes it
        within a second, and a process that dies before handles it again, to the same state.

        Returns:
            Whether the entry is one that may make this agent act.
        """
        cursor, before = _cursor_at(logged), self.state
        taken = step(self.name, self.behaviour, before, logged)
        after = taken.state if taken.state != before else before
        may_act = bool(taken.drafts) or heeds(self.name, self.behaviour, before, after, logged)
        ended = _ended(before, after)
        if taken.drafts or ended or self._is_answer(logged):
            with self._journal.transaction() as journal:
                self._settle(journal, logged)
                self._write(journal, after, cursor)
                _forget(journal, ended)
                self._add(journal, f"{logged.position}", logged.position, taken.drafts)
            self._look()
            self._saved_state, self._saved_position = after, cursor.position
        # The status is read from another thread: whoever sees the new cursor must see the new state and outbox too, and
        # whoever sees that an entry is to be reported has the place to report.
        self._stand = (after, cursor)
        if may_act:
            self.heeded = cursor.position
        return may_act

    def _is_answer(self, logged: Logged) -> bool:
        record = logged.entry.record
        is_refusal = isinstance(record, EntryRefused) and record.source == self.name
        return is_refusal or logged.seal.source == self.name

    def _settle(self, journal: Journal, logged: Logged) -> None:
        """Take from the outbox what this entry answers."""
        record = logged.entry.record
        if logged.seal.source == self.name:
            journal.drop_outbox(logged.seal.sequence)
        elif isinstance(record, EntryRefused) and record.source == self.name:
            journal.drop_outbox(record.sequence)

    # Submitting.

    async def conclude(self, job: Job, outcome: JobOutcome) -> None:
        """Put the outcome of a job into the outbox; the job will not start again."""
        await self._worker.run(self._conclude, job, outcome)
        self._tell()

    def _conclude(self, job: Job, outcome: JobOutcome) -> None:
        drafts = self.behaviour.conclude(job, outcome)
        with self._journal.transaction() as journal:
            self._add(journal, job.id, job.cause, drafts)
            journal.conclude(job.id)
        self._look()

    async def ring(self, timer: Timer) -> None:
        """Let a timer ring: the agent's own entry first, decided on when it comes back."""
        at = timer.due or timer.until
        when = f"{at:%Y%m%dT%H%M%S.%fZ}" if at else f"since-{timer.since}"
        body = TimerRang(purpose=timer.purpose, due=timer.due)
        entry = self._entry(
            f"{self.name}/timer/{timer.subject}/{timer.purpose}-{when}",
            timer.since,
            Draft(body=body, subject=timer.subject),
        )
        await self.submit([entry])

    async def sense(self, name: str, drafts: Sequence[Draft]) -> None:
        """Enter what was met outside the log; `name` makes the ids, so that saying it twice is harmless."""
        await self.submit(
            [self._entry(f"{self.name}/{name}/{ordinal}", None, draft) for ordinal, draft in enumerate(drafts)]
        )

    async def submit(self, entries: Sequence[Entry]) -> None:
        """Put entries into the outbox."""
        await self._worker.run(self._submit, entries)
        self._tell()

    def _submit(self, entries: Sequence[Entry]) -> None:
        with self._journal.transaction() as journal:
            for entry in entries:
                journal.add_outbox(entry)
        self._look()

    def _add(self, journal: Journal, stem: str, cause: int, drafts: Sequence[Draft]) -> None:
        for ordinal, draft in enumerate(drafts):
            journal.add_outbox(self._entry(f"{self.name}/{stem}/{ordinal}", cause, draft))

    def _entry(self, entry_id: str, cause: int | None, draft: Draft) -> Entry:
        kind = type(draft.body).__name__
        return Entry(
            id=entry_id,
            kind=kind,
            schema_version=KINDS[kind].version,
            at=self.clock.now(),
            campaign=draft.campaign,
            subject=draft.subject,
            cause=cause,
            not_after=draft.not_after,
            record=draft.body,
        )

    async def outbox(self) -> Sequence[OutboxRow]:
        """The first entries without a position, for the submitter."""
        before = self.outbox_size
        rows = await self._worker.run(self._outbox)
        if self.outbox_size != before:
            self.changed.set()
        return rows

    def _outbox(self) -> list[OutboxRow]:
        known = tuple(self._known)
        if known:
            with self._journal.transaction() as journal:
                for sequence in known:
                    journal.drop_outbox(sequence)
            del self._known[: len(known)]
            self._look()
        return self._journal.outbox()

    # Poison.

    async def _be_stuck(self, at: Cursor, what: str, trace: str) -> None:
        """Say so, start nothing, and wait until a person voids the entry; entries in between are kept."""
        self.stuck = f"stuck at {at.position}"
        name, draft = stuck_at(self.name, at.position, what, trace)
        await self.sense(name, [draft])
        held: list[Met] = []
        while not (held and voids(held[-1], at.position)):
            held.append(await next_of(self.link, self._wants))
            await self._worker.run(self._settle_alone, held[-1])
            self._tell()
        self.stuck, self.cursor = None, at
        for one in held:
            await self._take(one)

    def _settle_alone(self, logged: Met) -> None:
        if not isinstance(logged, Logged):
            return
        with self._journal.transaction() as journal:
            self._settle(journal, logged)
        self._look()

    # The rest.

    async def keep_position(self) -> None:
        """Write position and state once a second where only entries came by that brought nothing to say."""
        while True:
            await asyncio.sleep(1.0)
            if self.cursor.position != self._saved_position:
                await self._worker.run(self.keep)

    def keep(self) -> None:
        """Write position and state; runs in the journal's thread."""
        state, cursor = self._stand
        with self._journal.transaction() as journal:
            self._write(journal, state, cursor)
        self._saved_state, self._saved_position = state, cursor.position

    def _write(self, journal: Journal, state: S, cursor: Cursor) -> None:
        """Write position and state, which belong together; a state that stands there is not written again."""
        journal.write_position(cursor.log, cursor.position, cursor.chain)
        if state is not self._saved_state:
            journal.write_state(self._state_text.of(state), __version__)

    def _look(self) -> None:
        self.outbox_size = self._journal.outbox_size()
        self.concluded = self._journal.concluded()

    def _tell(self) -> None:
        if self._submitter is not None and self.outbox_size:
            self._submitter.wake()
        self.changed.set()

    def _hear(self, answer: Answer) -> None:
        if self._submitter is None:
            return
        self._submitter.hear(answer)
        if answer.answer == "known":
            self._known.append(answer.sequence)
            self._submitter.wake()

    def jobs_wanted(self) -> tuple[Job, ...]:
        """Jobs that the state wants and that have not ended."""
        return tuple(job for job in self.state.jobs() if job.id not in self.concluded)


def _ended(before: AgentState, after: AgentState) -> list[Job]:
    """The jobs that a new state does not want any more."""
    jobs = before.jobs()
    wanted = {job.id for job in after.jobs()} if jobs else ()
    return [job for job in jobs if job.id not in wanted]


def _forget(journal: Journal, ended: Sequence[Job]) -> None:
    tokens = [job.task.token(i) for job in ended if job.task for i in range(len(job.task.acts))]
    journal.forget([job.id for job in ended], tokens)


def _cursor_at(logged: Logged | Passed) -> Cursor:
    return Cursor(logged.seal.log, logged.position, logged.seal.chain)
