"""Following the log and submitting to it: positions, gaps, births, the outbox."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from lab_agents.bus.protocol import Bus, Message
from lab_agents.errors import FencedError, ForeignLogError, MessageError, UnreadableEntryError
from lab_agents.journal import OutboxRow
from lab_agents.messages.entry import read_kind
from lab_agents.messages.frames import (
    GENESIS,
    Answer,
    Head,
    Header,
    Logged,
    Passed,
    Question,
    Seal,
    chain_after,
    pack,
    read_logged,
    unpack_page,
    unpack_sealed,
)
from lab_agents.messages.topics import Topics
from lab_agents.settings import DEFAULT, Settings

Wants = Callable[[str, str], bool]
"""Whether an entry of a source (first) and kind (second) concerns whoever follows."""

READY_AT_MOST = 512
"""Live entries kept for a slow follower; later ones are fetched as pages, so that memory stays bounded."""


@dataclass(frozen=True)
class Cursor:
    """How far a log was followed: its identity, the last position and the chain there."""

    log: str = ""
    position: int = 0
    chain: str = GENESIS


class LogLink:
    """One source's connection to the log: follows it entry by entry, and asks the recorder.

    After entry n comes n + 1, whatever the bus does: a gap is filled by pages, live entries are dropped while it is
    open, and an entry that does not continue the chain stops the follower.
    """

    def __init__(self, bus: Bus, topics: Topics, source: str, epoch: int, settings: Settings = DEFAULT) -> None:
        self._bus, self._topics, self.source, self.epoch, self._settings = bus, topics, source, epoch, settings
        self._ready: deque[tuple[Seal, bytes]] = deque()
        self._tail = Cursor()
        self._wake = asyncio.Event()
        self._answers: dict[int, asyncio.Future[tuple[Answer, list[bytes]]]] = {}
        self._number = 0
        self._reborn: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._agreed = 0
        self.head: Head | None = None
        self.head_at = float("-inf")
        self.on_answer: Callable[[Answer], None] = lambda _answer: None

    async def start(self, cursor: Cursor) -> None:
        """Subscribe; entries after `cursor` will follow."""
        self._tail = cursor
        await self._bus.subscribe(self._topics.build("page", source=self.source), self._receive_page)
        await self._bus.subscribe(self._topics.build("head"), self._receive_head)
        await self._bus.subscribe(self._topics.build("log"), self._receive_live)

    async def wait_for_head(self) -> Head:
        """The head, as soon as the recorder has told it."""
        while self.head is None:
            self._check_failure()
            self._wake.clear()
            await self._wake.wait()
        return self.head

    def rewind(self, cursor: Cursor) -> None:
        """Follow again from `cursor`: what was ready is forgotten."""
        self._tail = cursor
        self._ready.clear()
        self._wake.set()

    @property
    def has_caught_up(self) -> bool:
        """Whether every entry heard of was handed out."""
        return not self._ready and self.head is not None and not self._must_ask

    @property
    def _must_ask(self) -> bool:
        """Whether the head is ahead, or a new recorder's is behind: it would have lost what was followed."""
        if self.head is None or self.head.position == self._tail.position:
            return False
        return self.head.position > self._tail.position or self.head.recorder != self._agreed

    async def birth(self, sequence: int, last_epoch: int) -> Answer:
        """Tell the recorder of this process and wait for its answer, however long it takes.

        Raises:
            FencedError: If a newer process of this source was born.
        """
        answer, _ = await self._ask("birth", sequence=sequence, last_epoch=last_epoch)
        return answer

    async def next(self) -> Logged:
        """The entry after the last one handed out.

        Raises:
            ForeignLogError: If the log is not the one followed so far.
            FencedError: If a newer process of this source was born.
            UnreadableEntryError: If this version cannot read the entry; the next call gives the one after it.
        """
        seal, payload = await self._next()
        try:
            return read_logged(seal, payload)
        except MessageError as error:
            raise _unreadable(seal, error) from error

    async def next_of(self, wants: Wants) -> Logged | Passed:
        """The same; an entry that is not wanted comes without its record, which costs more to read than all the rest.

        Raises:
            ForeignLogError: See `next`.
            FencedError: See `next`.
            UnreadableEntryError: See `next`; what is not wanted must still be of a known kind and version.
        """
        seal, payload = await self._next()
        try:
            kind = read_kind(payload)
            if wants(seal.source, kind):
                return read_logged(seal, payload)
        except MessageError as error:
            raise _unreadable(seal, error) from error
        return Passed.model_construct(seal=seal, kind=kind)

    async def _next(self) -> tuple[Seal, bytes]:
        while not self._ready:
            self._check_failure()
            if self._must_ask:
                await self._fetch()
            else:
                self._wake.clear()
                if self._failure is None:
                    await self._wake.wait()
        self._check_failure()
        return self._ready.popleft()

    async def _fetch(self) -> None:
        after = self._tail
        answer, sealed = await self._ask("page", after=after.position)
        if answer.head < after.position:
            raise ForeignLogError(
                f"{self.source} has followed the log to {after.position}, but its head is {answer.head}: the store was "
                f"rolled back. Restore it, or adopt this log: lab-agents log adopt {self.source}"
            )
        self._agreed = answer.recorder
        if after == self._tail:
            for one in sealed:
                self._push(one)

    async def _ask(
        self, ask: str, *, after: int = 0, sequence: int = 0, last_epoch: int = 0
    ) -> tuple[Answer, list[bytes]]:
        """Put a question until it is answered; a lost question or answer only costs a second.

        A recorder that is born has not heard what was asked of the one before: it is asked at once.
        """
        self._number += 1
        number = self._number
        question = Question(
            ask=ask,  # type: ignore[arg-type]
            number=number,
            source=self.source,
            epoch=self.epoch,
            after=after,
            sequence=sequence,
            last_epoch=last_epoch,
        )
        future: asyncio.Future[tuple[Answer, list[bytes]]] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        try:
            while not future.done():
                self._check_failure()
                reborn = self._await_recorder()
                await self._bus.publish(
                    self._topics.build("read", source=self.source), question.model_dump_json().encode()
                )
                waits: tuple[asyncio.Future[Any], ...] = (future, reborn)
                await asyncio.wait(waits, timeout=self._settings.ask_again, return_when=asyncio.FIRST_COMPLETED)
            return future.result()
        finally:
            del self._answers[number]

    def _await_recorder(self) -> asyncio.Future[None]:
        """Done when another recorder than the one heard so far is born."""
        if self._reborn is None or self._reborn.done():
            self._reborn = asyncio.get_running_loop().create_future()
        return self._reborn

    def _receive_page(self, message: Message) -> None:
        try:
            answer, sealed = unpack_page(message.payload)
        except MessageError:
            return
        if answer.epoch != self.epoch:
            # Meant for an earlier process of this source, whose questions had the same numbers: taken for an own birth,
            # it would leave this process one that the recorder never heard of.
            return
        if answer.answer == "exit":
            self._fail(FencedError(f"a newer process of {self.source} than epoch {self.epoch} was born"))
        future = self._answers.get(answer.number)
        if future is not None and not future.done():
            future.set_result((answer, sealed))
        self.on_answer(answer)

    def _receive_head(self, message: Message) -> None:
        try:
            head = Head.model_validate_json(message.payload)
        except ValidationError:
            return
        if self._tail.log and head.log != self._tail.log:
            self._fail(self._foreign(head.log))
        elif self._tail.log and head.position == self._tail.position and head.chain != self._tail.chain:
            self._fail(self._changed(head.position))
        is_born = not message.retained and (self.head is None or head.recorder > self.head.recorder)
        if is_born and self._reborn is not None and not self._reborn.done():
            self._reborn.set_result(None)
        if self.head is None or head.recorder >= self.head.recorder:
            if self.head is None or head.position >= self.head.position or head.recorder > self.head.recorder:
                self.head = head
            if not message.retained:
                self.head_at = asyncio.get_running_loop().time()
        self._wake.set()

    def _receive_live(self, message: Message) -> None:
        if len(self._ready) < READY_AT_MOST:
            self._push(message.payload)

    def _push(self, data: bytes) -> None:
        """Take the next entry of the chain; anything else is dropped, because a page will bring it."""
        try:
            seal, payload = unpack_sealed(data)
        except MessageError:
            return
        if self._tail.log and seal.log != self._tail.log:
            self._fail(self._foreign(seal.log))
        elif seal.position == self._tail.position + 1:
            if seal.chain != chain_after(self._tail.chain, payload):
                self._fail(self._changed(seal.position))
                return
            self._tail = Cursor(seal.log, seal.position, seal.chain)
            self._ready.append((seal, payload))
            if self.head is not None and self.head.position < seal.position:
                self.head = self.head.model_copy(update={"position": seal.position, "chain": seal.chain})
            self._wake.set()

    def _foreign(self, log: str) -> ForeignLogError:
        return ForeignLogError(
            f"{self.source} follows log {self._tail.log} but met log {log}: another store serves this laboratory. "
            f"Bring the former store back, or adopt this one: lab-agents log adopt {self.source}"
        )

    def _changed(self, position: int) -> ForeignLogError:
        return ForeignLogError(
            f"entry {position} does not continue the chain that {self.source} followed; the log was changed or "
            f"replaced. Verify the store (lab-agents audit), or adopt it: lab-agents log adopt {self.source}"
        )

    def _fail(self, failure: Exception) -> None:
        self._failure = self._failure or failure
        self._wake.set()

    def _check_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def _unreadable(seal: Seal, error: MessageError) -> UnreadableEntryError:
    return UnreadableEntryError(str(error), log=seal.log, position=seal.position, chain=seal.chain)


class Submitter:
    """Sends a source's outbox in order, again and again, until every frame is answered."""

    def __init__(
        self,
        link_: LogLink,
        bus: Bus,
        topics: Topics,
        rows: Callable[[], Awaitable[Sequence[OutboxRow]]],
        settings: Settings = DEFAULT,
    ) -> None:
        self._link, self._bus, self._rows, self._settings = link_, bus, rows, settings
        self._topic = topics.build("submit", source=link_.source)
        self._sent = 0
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There are new rows, or some were answered."""
        self._wake.set()

    def hear(self, answer: Answer) -> None:
        """Take the recorder's word on what to send next."""
        if answer.answer in ("resend", "birth"):
            self._sent = min(self._sent, answer.sequence - (answer.answer == "resend"))
            self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        recorder = 0
        while True:
            self._wake.clear()
            rows = await self._rows()
            head = self._link.head
            if head is not None and head.recorder != recorder:
                recorder, self._sent = head.recorder, 0
            await asyncio.gather(*(self._send(row) for row in rows if row.sequence > self._sent))
            try:
                async with asyncio.timeout(self._settings.ask_again if rows else None):
                    await self._wake.wait()
            except TimeoutError:
                self._sent = 0

    async def _send(self, row: OutboxRow) -> None:
        header = Header(source=self._link.source, epoch=self._link.epoch, sequence=row.sequence)
        if await self._bus.publish(self._topic, pack(header, row.data)):
            self._sent = max(self._sent, row.sequence)
