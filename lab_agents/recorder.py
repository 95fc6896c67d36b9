"""The log's one writer: checks frames, appends them in order, answers births and questions, publishes the head."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from pydantic import ValidationError

from lab_agents.admission import Roles, check_id, check_role, check_same, check_time, roles_of
from lab_agents.blobs import Blobs
from lab_agents.bus.protocol import Bus, Message
from lab_agents.clock import Clock
from lab_agents.errors import BlobError, LostLeaseError, MessageError, StoreError
from lab_agents.messages.entry import KINDS, Body, Entry, find_id, read_entry
from lab_agents.messages.frames import (
    MAX_PAGE_BYTES,
    Answer,
    Head,
    Header,
    Question,
    pack_page,
    unpack_frame,
)
from lab_agents.messages.life import EntryRefused, LabChanged, LabOpened
from lab_agents.messages.topics import Topics
from lab_agents.opening import check_goes_on
from lab_agents.records.laboratory import Laboratory
from lab_agents.settings import DEFAULT, Settings
from lab_agents.store.writer import LogWriter, Offered, SourceState
from lab_agents.threads import Worker
from lab_agents.wall_clock import wall_now

SOURCE = "recorder"


@dataclass
class _Batch:
    """Entries and source states gathered for one commit, and what to answer once it stands."""

    offered: list[Offered] = field(default_factory=list)
    used: dict[str, SourceState] = field(default_factory=dict)
    ids: dict[str, Offered] = field(default_factory=dict)
    answers: list[tuple[str, Answer]] = field(default_factory=list)


class Recorder:
    """Keeps one laboratory's log.

    Frames wait in arrival order; while one commit runs in the store's thread the next ones gather, at most
    `settings.group_entries` to a commit. Nothing is published before it is committed.
    """

    def __init__(
        self,
        writer: LogWriter,
        worker: Worker,
        bus: Bus,
        blobs: Blobs,
        clock: Clock,
        topics: Topics,
        settings: Settings = DEFAULT,
    ) -> None:
        self._writer, self._worker, self._bus, self._blobs, self._clock = writer, worker, bus, blobs, clock
        self._topics, self._settings = topics, settings
        self._sources: dict[str, SourceState] = {}
        self._roles: Roles = lambda _source: frozenset()
        self._frames: deque[Message] = deque()
        self._questions: deque[Message] = deque()
        self._work = asyncio.Event()
        self._refusing: str | None = None
        self._refused_at = float("-inf")
        self._unkept: bytes | None = None
        self.dead_letters = 0
        self._dead_letter: str | None = None

    async def open(self, laboratory: Laboratory, file: str, version: str) -> None:
        """Append `LabOpened`, or `LabChanged` where the file or the software differs from the last one.

        Args:
            laboratory: The laboratory as declared.
            file: Blob of the lab file.
            version: Software version.

        Raises:
            StoreError: If nothing can be appended, or the log is not one that this laboratory may go on with.
        """
        self._roles = roles_of(laboratory)
        self._sources = await self._worker.run(self._writer.sources)
        if self._writer.position == 0:
            await self._commit(self._own([("lab", LabOpened(laboratory=laboratory, file=file, version=version))]))
            return
        last = await self._worker.run(self._last_word, laboratory)
        if (last.laboratory, last.version) != (laboratory, version):
            change = LabChanged(laboratory=laboratory, file=file, version=version)
            await self._commit(self._own([(f"lab/{self._writer.recorder}", change)]))

    def _last_word(self, laboratory: Laboratory) -> LabOpened | LabChanged:
        last = self._writer.last(("LabOpened", "LabChanged")).record
        n_open = self._writer.count("CampaignStarted") - self._writer.count("CampaignFinished")
        return check_goes_on(last, laboratory, self._blobs, n_open)

    async def run(self) -> None:
        """Serve until cancelled, or until the lease is lost.

        Raises:
            LostLeaseError: If another recorder took over.
        """
        await self._bus.subscribe(self._topics.build("submit", source="+"), self._receive_frame)
        await self._bus.subscribe(self._topics.build("read", source="+"), self._receive_question)
        await self._publish_head()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._serve())
            group.create_task(self._beat())

    def _receive_frame(self, message: Message) -> None:
        self._frames.append(message)
        self._work.set()

    def _receive_question(self, message: Message) -> None:
        self._questions.append(message)
        self._work.set()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.beat)
            if self._refusing and asyncio.get_running_loop().time() - self._refused_at > self._settings.lost:
                await self._try_again()
            await self._publish_head()

    async def _serve(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                while self._questions:
                    await self._answer(self._questions.popleft())
                while self._frames:
                    await self._take(min(len(self._frames), self._settings.group_entries))
            except (StoreError, BlobError) as error:
                await self._refuse_all(error)

    async def _take(self, count: int) -> None:
        """Check, commit, then answer: nobody is told of what does not stand on disk."""
        batch = _Batch()
        for _ in range(count):
            await self._check(self._frames.popleft(), batch)
        await self._commit(batch)
        for source, answer in batch.answers:
            await self._send(source, answer)

    async def _commit(self, batch: _Batch) -> None:
        if batch.offered or batch.used:
            sealed = await self._worker.run(self._writer.append, batch.offered, batch.used, wall_now())
            was_refusing, self._refusing = self._refusing, None
            self._sources.update(batch.used)
            # Handed over in order, acknowledged together: one wait for the broker, not one for each entry.
            await asyncio.gather(*(self._bus.publish(self._topics.build("log"), one) for one in sealed))
            # Each entry tells its followers the new head; who missed the last one hears of it with the next beat.
            if was_refusing:
                await self._publish_head()

    async def _refuse_all(self, error: StoreError | BlobError) -> None:
        """Say in the head that nothing is appended; whoever sent or asked does it again, so nothing is lost."""
        if isinstance(error, LostLeaseError):
            raise error
        self._refusing, self._refused_at = str(error), asyncio.get_running_loop().time()
        self._work.set()
        await self._publish_head()

    async def _try_again(self) -> None:
        """Nobody has sent for a while, and nobody starts anything while nothing is appended: find out by writing."""
        try:
            if self._unkept is not None:
                await self._put(self._unkept)
            await self._worker.run(self._writer.probe)
        except (StoreError, BlobError) as error:
            await self._refuse_all(error)
        else:
            self._refusing = None

    async def _check(self, message: Message, batch: _Batch) -> None:
        try:
            header, data = unpack_frame(message.payload)
        except MessageError:
            await self._keep_dead_letter(message.payload)
            return
        if message.topic != self._topics.build("submit", source=header.source):
            await self._keep_dead_letter(message.payload)
            return
        state = batch.used.get(header.source) or self._sources.get(header.source, SourceState())
        if header.epoch < state.epoch:
            batch.answers.append((header.source, self._answer_to("exit", header.epoch)))
        elif header.epoch > state.epoch:
            return  # its birth was lost or is on its way: it will ask, and send again
        elif header.sequence > state.sequence + 1:
            batch.answers.append((header.source, self._answer_to("resend", state.epoch, sequence=state.sequence + 1)))
        elif header.sequence == state.sequence + 1:
            await self._use_sequence(header, data, state, batch)
        else:
            await self._say_again(header, data, batch)

    async def _use_sequence(self, header: Header, data: bytes, state: SourceState, batch: _Batch) -> None:
        batch.used[header.source] = SourceState(state.epoch, state.last_epoch, header.sequence)
        try:
            entry = read_entry(data)
            check_role(header.source, entry, self._roles)
            check_id(header.source, entry)
            known = await self._find(entry.id, batch)
            check_same(entry, known)
            if known is None:
                check_time(entry, self._clock.now())
        except MessageError as error:
            await self._refuse(header, data, str(error), batch)
            return
        if known is None:
            self._add(Offered(header, entry, data), batch)
        else:
            answer = self._answer_to("known", state.epoch, sequence=header.sequence, first=known[0])
            batch.answers.append((header.source, answer))

    async def _say_again(self, header: Header, data: bytes, batch: _Batch) -> None:
        """A sequence used up before: the source may have missed the answer, and would send for ever."""
        try:
            known = await self._find(read_entry(data).id, batch)
        except MessageError:
            return  # it was refused, which stands in the log
        if known is not None:
            answer = self._answer_to("known", header.epoch, sequence=header.sequence, first=known[0])
            batch.answers.append((header.source, answer))

    async def _find(self, entry_id: str, batch: _Batch) -> tuple[int, Entry] | None:
        if entry_id in batch.ids:
            position = self._writer.position + 1 + batch.offered.index(batch.ids[entry_id])
            return position, batch.ids[entry_id].entry
        return await self._worker.run(self._writer.find, entry_id)

    async def _refuse(self, header: Header, data: bytes, reason: str, batch: _Batch) -> None:
        raw = await self._put(data)
        body = EntryRefused(
            source=header.source,
            sequence=header.sequence,
            reason=reason[:4000],
            raw=raw,
            refused_id=find_id(data),
        )
        own = self._own([(f"{header.source}/{header.sequence}", body)], batch.used.get(SOURCE))
        batch.used |= own.used
        for offer in own.offered:
            self._add(offer, batch)

    def _add(self, offer: Offered, batch: _Batch) -> None:
        batch.offered.append(offer)
        batch.ids[offer.entry.id] = offer

    def _own(self, bodies: list[tuple[str, Body]], state: SourceState | None = None) -> _Batch:
        """The recorder's own entries, as a batch."""
        state = state or self._sources.get(SOURCE, SourceState())
        batch, sequence = _Batch(), state.sequence
        for name, body in bodies:
            sequence += 1
            kind = type(body).__name__
            entry = Entry(
                id=f"{SOURCE}/{name}",
                kind=kind,
                schema_version=KINDS[kind].version,
                at=self._clock.now(),
                subject=name,
                record=body,
            )
            header = Header(source=SOURCE, epoch=self._writer.recorder, sequence=sequence)
            self._add(Offered(header, entry, entry.to_bytes()), batch)
        batch.used[SOURCE] = SourceState(self._writer.recorder, state.epoch, sequence)
        return batch

    async def _answer(self, message: Message) -> None:
        try:
            question = Question.model_validate_json(message.payload)
        except ValidationError:
            await self._keep_dead_letter(message.payload)
            return
        if message.topic != self._topics.build("read", source=question.source):
            await self._keep_dead_letter(message.payload)
        elif question.ask == "birth":
            await self._give_birth(question)
        else:
            await self._give_page(question)

    async def _give_birth(self, question: Question) -> None:
        state = self._sources.get(question.source, SourceState())
        if question.epoch < state.epoch:
            await self._send(question.source, self._answer_to("exit", question.epoch))
            return
        if question.epoch > state.epoch:
            state = SourceState(question.epoch, state.epoch, state.sequence)
            await self._worker.run(self._writer.give_epoch, question.source, state)
            self._sources[question.source] = state
        answer = self._answer_to("birth", state.epoch, sequence=state.sequence)
        await self._send(
            question.source, answer.model_copy(update={"number": question.number, "last_epoch": state.last_epoch})
        )

    async def _give_page(self, question: Question) -> None:
        limit = min(question.limit or MAX_PAGE_BYTES, MAX_PAGE_BYTES) - 1024
        sealed = await self._worker.run(self._writer.page, question.after, limit)
        answer = self._answer_to("page", question.epoch, first=question.after + 1).model_copy(
            update={"number": question.number, "last": question.after + len(sealed), "count": len(sealed)}
        )
        await self._bus.publish(self._topics.build("page", source=question.source), pack_page(answer, sealed))

    def _answer_to(self, kind: str, epoch: int, *, sequence: int = 0, first: int = 0) -> Answer:
        return Answer(
            answer=kind,  # type: ignore[arg-type]
            number=0,
            log=self._writer.log,
            epoch=epoch,
            head=self._writer.position,
            first=first,
            sequence=sequence,
            recorder=self._writer.recorder,
        )

    async def _send(self, source: str, answer: Answer) -> None:
        await self._bus.publish(self._topics.build("page", source=source), pack_page(answer, []))

    async def _publish_head(self) -> None:
        head = Head(
            log=self._writer.log,
            position=self._writer.position,
            chain=self._writer.chain,
            recorder=self._writer.recorder,
            refusing=self._refusing,
            dead_letters=self.dead_letters,
            dead_letter=self._dead_letter,
        )
        await self._bus.publish(self._topics.build("head"), head.model_dump_json().encode(), retain=True, qos=0)

    async def _keep_dead_letter(self, data: bytes) -> None:
        self._dead_letter = await self._put(data)
        self.dead_letters += 1

    async def _put(self, data: bytes) -> str:
        """Keep bytes as a blob, or remember that they wait for room."""
        self._unkept = data
        address = await self._worker.run(self._blobs.put, data)
        self._unkept = None
        return address
