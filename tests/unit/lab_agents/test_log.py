"""A follower sees every entry once and in order, whatever the bus does; a submitter gives up nothing."""

import asyncio
from pathlib import Path

import pytest

from lab_agents.bus.faulty import Faults, FaultyCarrier
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.errors import FencedError, ForeignLogError, UnreadableEntryError
from lab_agents.journal import OutboxRow
from lab_agents.log import Cursor, LogLink, Submitter
from lab_agents.messages.frames import GENESIS, Answer, Head, Passed, pack_page
from tests.small_log import QUICK, TOPICS, SmallLog, small_log, started

BAD = Faults(loss=0.25, doubling=0.2, delay=0.2, reordering=0.2)


def link_on(bus: MemoryBus, source: str = "line", epoch: int = 1) -> LogLink:
    """A link with short times."""
    return LogLink(bus, TOPICS, source, epoch, QUICK)


async def submit_all(log: SmallLog, count: int) -> asyncio.Task[None]:
    """An agent whose outbox holds `count` entries; the task runs until it is cancelled."""
    bus = await log.join("line")
    link = link_on(bus)
    await link.start(Cursor())
    await link.birth(0, 0)
    rows = [OutboxRow(number, started(number).to_bytes()) for number in range(1, count + 1)]

    async def outbox() -> list[OutboxRow]:
        done = (await log.worker.run(log.writer.sources))["line"].sequence
        return [row for row in rows if row.sequence > done][:16]

    submitter = Submitter(link, bus, TOPICS, outbox, QUICK)
    link.on_answer = submitter.hear
    return asyncio.create_task(submitter.run())


@pytest.mark.parametrize("seed", range(3))
async def test_a_bad_network_loses_and_repeats_nothing(tmp_path: Path, seed: int) -> None:
    """Forty entries from one source reach a follower once each and in order."""
    async with small_log(tmp_path, FaultyCarrier(seed, BAD)) as log:
        submitting = await submit_all(log, 40)
        link = link_on(await log.join("reader"), "reader")
        await link.start(Cursor())
        async with asyncio.timeout(30):
            seen = [await link.next() for _ in range(41)]
        submitting.cancel()
        await asyncio.gather(submitting, return_exceptions=True)
    assert [one.position for one in seen] == list(range(1, 42))
    assert [one.entry.id for one in seen[1:]] == [f"line/epoch/{number}" for number in range(1, 41)]


async def test_a_follower_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Position and chain are all it needs."""
    async with small_log(tmp_path) as log:
        submitting = await submit_all(log, 5)
        await log.entries(6)
        submitting.cancel()
        await asyncio.gather(submitting, return_exceptions=True)
        first = link_on(await log.join("first"), "first")
        await first.start(Cursor())
        half = [await first.next() for _ in range(3)]
        second = link_on(await log.join("second"), "second")
        await second.start(Cursor(half[-1].seal.log, 3, half[-1].seal.chain))
        rest = [await second.next() for _ in range(3)]
        assert [one.position for one in rest] == [4, 5, 6]
        assert second.has_caught_up


async def test_an_entry_of_no_concern_comes_without_its_record(tmp_path: Path) -> None:
    """Its place is told all the same; of an unknown kind nobody can say whom it concerns."""
    async with small_log(tmp_path) as log:
        await log.add_unreadable()
        link = link_on(await log.join("reader"), "reader")
        await link.start(Cursor())
        seen = await link.next_of(lambda source, kind: (source, kind) != ("recorder", "LabOpened"))
        assert isinstance(seen, Passed)
        assert seen.position == 1
        with pytest.raises(UnreadableEntryError):
            await link.next_of(lambda source, kind: False)


async def test_another_log_stops_the_follower(tmp_path: Path) -> None:
    """Another store serves this laboratory: its positions mean other things."""
    async with small_log(tmp_path) as log:
        link = link_on(await log.join("reader"), "reader")
        await link.start(Cursor("another", 1, GENESIS))
        with pytest.raises(ForeignLogError, match="follows log another but met log"):
            await link.next()


async def test_a_changed_history_stops_the_follower(tmp_path: Path) -> None:
    """An entry that does not continue the chain was not written by whom it says."""
    async with small_log(tmp_path) as log:
        submitting = await submit_all(log, 3)
        await log.entries(4)
        submitting.cancel()
        await asyncio.gather(submitting, return_exceptions=True)
        link = link_on(await log.join("reader"), "reader")
        await link.start(Cursor(log.writer.log, 2, "f" * 64))
        with pytest.raises(ForeignLogError, match="does not continue the chain"):
            await link.next()


async def test_a_store_that_was_rolled_back_stops_the_follower(tmp_path: Path) -> None:
    """It has handled entries that the log no longer holds."""
    async with small_log(tmp_path) as log:
        link = link_on(await log.join("reader"), "reader")
        await link.start(Cursor(log.writer.log, 9, "f" * 64))
        await link.wait_for_head()
        assert not link.has_caught_up
        with pytest.raises(ForeignLogError, match="has followed the log to 9, but its head is 1"):
            await link.next()


async def test_another_entry_at_a_known_position_stops_the_follower(tmp_path: Path) -> None:
    """A store that was rolled back and has grown to the same length since."""
    async with small_log(tmp_path) as log:
        link = link_on(await log.join("reader"), "reader")
        await link.start(Cursor(log.writer.log, 1, "f" * 64))
        with pytest.raises(ForeignLogError, match="entry 1 does not continue the chain"):
            await link.next()


async def test_an_old_head_is_asked_about_and_changes_nothing(tmp_path: Path) -> None:
    """What a broker retained may be older than what was followed."""
    async with small_log(tmp_path) as log:
        first = link_on(await log.join("first"), "first")
        await first.start(Cursor())
        seen = await first.next()
        old = (await first.wait_for_head()).model_copy(update={"position": 0, "chain": GENESIS})
        link = link_on(await log.join("reader"), "reader")
        await link.start(Cursor(log.writer.log, 1, seen.seal.chain))
        link.head = old
        following = asyncio.create_task(link.next())
        async with asyncio.timeout(60):
            while not link.has_caught_up:
                await asyncio.sleep(0)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_successor_ends_its_predecessor(tmp_path: Path) -> None:
    """The older process is told as soon as it speaks."""
    async with small_log(tmp_path) as log:
        old, new = link_on(await log.join("old"), epoch=1), link_on(await log.join("new"), epoch=2)
        await old.start(Cursor())
        await new.start(Cursor())
        await old.birth(0, 0)
        await new.birth(0, 1)
        with pytest.raises(FencedError, match="a newer process of line than epoch 1"):
            await old.birth(0, 0)


async def test_a_birth_tells_the_last_sequence_and_the_epoch_before(tmp_path: Path) -> None:
    """From these a journal knows whether it was rolled back."""
    async with small_log(tmp_path) as log:
        submitting = await submit_all(log, 4)
        await log.entries(5)
        submitting.cancel()
        await asyncio.gather(submitting, return_exceptions=True)
        link = link_on(await log.join("later"), epoch=7)
        await link.start(Cursor())
        answer = await link.birth(0, 0)
        assert (answer.sequence, answer.last_epoch, answer.head) == (4, 1, 5)
        assert (await link.birth(0, 0)).last_epoch == 1


async def test_a_question_is_asked_again_at_once_of_a_recorder_that_was_just_born(tmp_path: Path) -> None:
    """It has not heard what was asked of the one before; a second of waiting would be lost at each kill."""
    slow = QUICK.model_copy(update={"ask_again": 3600.0})
    carrier = MemoryCarrier()
    asked: list[bytes] = []
    async with MemoryBus(carrier, "ear") as ear, MemoryBus(carrier, "line") as bus:
        await ear.subscribe(TOPICS.build("read", source="+"), lambda message: asked.append(message.payload))
        link = LogLink(bus, TOPICS, "line", 1, slow)
        await link.start(Cursor())
        asking = asyncio.create_task(link.birth(0, 0))
        async with asyncio.timeout(60):
            for recorder, n_asked in ((1, 2), (1, 2), (2, 3)):
                head = Head(log="l", position=0, chain=GENESIS, recorder=recorder)
                await ear.publish(TOPICS.build("head"), head.model_dump_json().encode())
                while len(asked) < n_asked:
                    await asyncio.sleep(0)
        assert len(asked) == 3, "the same recorder is not asked twice within the time"
        answer = Answer(answer="birth", number=1, log="l", epoch=1, head=0, recorder=2)
        await ear.publish(TOPICS.build("page", source="line"), pack_page(answer, []))
        assert (await asking).recorder == 2


async def test_a_late_answer_to_the_process_before_is_not_taken_for_an_own_birth(tmp_path: Path) -> None:
    """Its question had the same number; the recorder knows nothing of this process until it answers this one."""
    async with MemoryBus(MemoryCarrier(), "line") as bus:
        link = LogLink(bus, TOPICS, "line", 2, QUICK)
        await link.start(Cursor())
        asking = asyncio.create_task(link.birth(0, 1))
        for epoch in (1, 2):
            answer = Answer(answer="birth", number=1, log="l", epoch=epoch, head=0, recorder=1)
            await bus.publish(TOPICS.build("page", source="line"), pack_page(answer, []))
        async with asyncio.timeout(60):
            assert (await asking).epoch == 2


async def test_an_entry_that_this_version_cannot_read_is_said_with_its_place(tmp_path: Path) -> None:
    """And the next one follows: whoever may pass over it can go on."""
    async with small_log(tmp_path) as log:
        await log.add_unreadable()
        submitting = await submit_all(log, 1)
        link = link_on(await log.join("reader"), "reader")
        await link.start(Cursor())
        assert (await link.next()).position == 1
        with pytest.raises(UnreadableEntryError, match="entry 2 cannot be read by this version") as caught:
            await link.next()
        assert (caught.value.log, caught.value.position) == (log.writer.log, 2)
        assert (await link.next()).position == 3
        submitting.cancel()
        await asyncio.gather(submitting, return_exceptions=True)
