"""The recorder appends each entry once, in order, and answers whatever it is sent."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from lab_agents.errors import LostLeaseError, StoreError
from lab_agents.messages.commands import AbortCampaign
from lab_agents.messages.course import PlannerExhausted
from lab_agents.messages.entry import find_id
from lab_agents.messages.life import EntryRefused
from lab_agents.store.writer import LogWriter, SourceState
from tests.full_disk import watched_disk
from tests.small_log import AT, LABORATORY, TOPICS, make_entry, small_log, started


def large(number: int) -> bytes:
    """An entry for which a full disk surely has no room."""
    return started(number).to_bytes().replace(b'"version":"1"', b'"version":"' + b"1" * 60_000 + b'"')


async def test_the_log_begins_with_the_laboratory(tmp_path: Path) -> None:
    """Limits, places and bidders come from there."""
    async with small_log(tmp_path) as log:
        entries = await log.entries(1)
    assert [entry.kind for entry in entries] == ["LabOpened"]
    async with small_log(tmp_path) as log:
        assert log.writer.position == 1


async def test_frames_are_appended_in_order_of_their_sequence(tmp_path: Path) -> None:
    """A frame too early is asked for again from the one that is missing; a late one is dropped."""
    async with small_log(tmp_path) as log:
        bus = await log.join("line")
        await log.listen(bus, "line")
        await log.give_birth(bus, "line", 1)
        await log.send(bus, "line", 2, started(2).to_bytes())
        asked = await log.until(lambda answer: answer.answer == "resend")
        assert asked.sequence == 1
        for number in (1, 2, 1, 2):
            await log.send(bus, "line", number, started(number).to_bytes())
        entries = await log.entries(3)
    assert [entry.id for entry in entries[1:]] == ["line/epoch/1", "line/epoch/2"]


async def test_an_older_epoch_is_told_to_exit_and_uses_up_nothing(tmp_path: Path) -> None:
    """A process that woke up after its successor was born writes nothing any more."""
    async with small_log(tmp_path) as log:
        bus = await log.join("line")
        await log.listen(bus, "line")
        await log.give_birth(bus, "line", 1)
        await log.give_birth(bus, "line", 2)
        await log.send(bus, "line", 1, started(1).to_bytes(), epoch=1)
        told = await log.until(lambda answer: answer.answer == "exit")
        assert told.epoch == 1
        await log.send(bus, "line", 1, started(2).to_bytes(), epoch=2)
        entries = await log.entries(2)
    assert [entry.id for entry in entries[1:]] == ["line/epoch/2"]


async def test_an_unborn_epoch_is_ignored(tmp_path: Path) -> None:
    """Its birth was lost; it will ask again, and then send again."""
    async with small_log(tmp_path) as log:
        bus = await log.join("line")
        await log.listen(bus, "line")
        await log.send(bus, "line", 1, started(1).to_bytes(), epoch=5)
        await log.give_birth(bus, "line", 5)
        assert log.writer.position == 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", "not an entry"),
        (b'{"id": "line/1/0"}', "not an entry"),
        (b"x" * 70_000, "the protocol carries 65536"),
        (make_entry("line/1/0", PlannerExhausted(reason="r")).to_bytes(), "line may not publish PlannerExhausted"),
        (started(1).to_bytes().replace(b"AgentStarted", b"AgentVanished"), "unknown to this version"),
        (started(1).to_bytes().replace(b'"schema_version":1', b'"schema_version":9'), "schema version 9"),
        (started(1).to_bytes().replace(b'"epoch":1', b'"epoch":NaN'), "not an entry"),
    ],
)
async def test_what_cannot_be_appended_is_refused_with_its_bytes(tmp_path: Path, payload: bytes, reason: str) -> None:
    """It uses up its sequence, so that the next frame gets through."""
    async with small_log(tmp_path) as log:
        bus = await log.join("line")
        await log.listen(bus, "line")
        await log.give_birth(bus, "line", 1)
        await log.send(bus, "line", 1, payload)
        await log.send(bus, "line", 2, started(2).to_bytes())
        refused, accepted = (await log.entries(3))[1:]
        assert isinstance(refused.record, EntryRefused)
        assert reason in refused.record.reason
        assert await log.worker.run(log.blobs.get, refused.record.raw) == payload
        assert refused.record.refused_id == find_id(payload)
    assert accepted.id == "line/epoch/2"


async def test_what_comes_too_late_is_refused_but_stays_known_once_it_came_in_time(tmp_path: Path) -> None:
    """A command that lay in a folder for a week does nothing any more; one that is only sent again is no news."""
    body = AbortCampaign(person="ada", reason="r")
    past, present = (make_entry(f"once-{n}/1", body, not_after=AT - timedelta(seconds=n)) for n in (1, 0))
    async with small_log(tmp_path) as log:
        for number, entry in ((1, past), (0, present)):
            bus = await log.join(f"once-{number}")
            await log.listen(bus, f"once-{number}")
            await log.send(bus, f"once-{number}", 1, entry.to_bytes(), epoch=0)
        refused, accepted = (await log.entries(3))[1:]
        assert isinstance(refused.record, EntryRefused)
        assert "was not to be acted on after" in refused.record.reason
        assert accepted.id == "once-0/1"
        log.clock.set(AT + timedelta(days=7))
        await log.send(bus, "once-0", 2, present.to_bytes(), epoch=0)
        assert (await log.until(lambda answer: answer.answer == "known")).first == 3


async def test_a_known_entry_is_answered_with_its_position(tmp_path: Path) -> None:
    """A decision taken again after a lost journal is not appended twice; only its time may differ."""
    async with small_log(tmp_path) as log:
        bus = await log.join("line")
        await log.listen(bus, "line")
        await log.give_birth(bus, "line", 1)
        await log.send(bus, "line", 1, started(1).to_bytes())
        await log.send(bus, "line", 2, started(1).to_bytes().replace(b"2026-01-01", b"2026-01-02"))
        known = await log.until(lambda answer: answer.answer == "known")
        assert (known.sequence, known.first) == (2, 2)
        log.answers.clear()
        await log.send(bus, "line", 2, started(1).to_bytes())
        again = await log.until(lambda answer: answer.answer == "known")
        assert (again.sequence, again.first) == (2, 2), "an answer that was lost must be given again"
        await log.send(bus, "line", 3, started(1).to_bytes().replace(b'"version":"1"', b'"version":"2"'))
        entries = await log.entries(3)
    assert [entry.kind for entry in entries] == ["LabOpened", "AgentStarted", "EntryRefused"]


async def test_a_frame_without_a_header_is_kept_and_stops_nobody(tmp_path: Path) -> None:
    """Foreign bytes go to a counted dead letter."""
    async with small_log(tmp_path) as log:
        bus = await log.join("line")
        await log.listen(bus, "line")
        await bus.publish(TOPICS.build("submit", source="line"), b"\xff\x00 nothing")
        await bus.publish(TOPICS.build("read", source="line"), b"[]")
        await log.give_birth(bus, "line", 1)
        head = await log.head_where(lambda head: head.dead_letters == 2)
        assert head.dead_letter is not None
        assert await log.worker.run(log.blobs.get, head.dead_letter) == b"[]"


async def test_nobody_submits_in_the_name_of_another(tmp_path: Path) -> None:
    """The topic says who writes; a header that disagrees is a dead letter."""
    async with small_log(tmp_path) as log:
        bus = await log.join("planning")
        await log.listen(bus, "line")
        await log.give_birth(bus, "line", 1)
        await bus.publish(
            TOPICS.build("submit", source="planning"),
            b'{"source":"line","epoch":1,"sequence":1}\n' + started(1).to_bytes(),
        )
        await log.give_birth(bus, "line", 2)
        assert (await log.head_where(lambda head: head.dead_letters == 1)).position == 1


async def test_a_second_recorder_takes_the_lease_and_the_first_fails(tmp_path: Path) -> None:
    """A woken recorder must not fork the log."""
    async with small_log(tmp_path) as log:
        second = await log.worker.run(LogWriter, tmp_path / "store.sqlite", "small", lambda _c, _l: None)
        with pytest.raises(LostLeaseError, match="recorder 2 holds the log"):
            await log.worker.run(log.writer.give_epoch, "line", SourceState(1))
        await log.worker.run(second.close)


async def test_a_person_needs_no_birth(tmp_path: Path) -> None:
    """Every call of the command line is a source of its own, epoch 0."""
    async with small_log(tmp_path) as log:
        bus = await log.join("once-1")
        command = make_entry("once-1/0/0", AbortCampaign(person="p", reason="r"))
        await log.send(bus, "once-1", 1, command.to_bytes(), epoch=0)
        entries = await log.entries(2)
    assert entries[1].kind == "AbortCampaign"


async def test_a_changed_lab_file_is_entered_and_refused_while_a_campaign_is_open(tmp_path: Path) -> None:
    """Limits must not change under running work."""
    changed = LABORATORY.model_copy(update={"machines": ("main", "second")})
    async with small_log(tmp_path) as log:
        await log.recorder.open(changed, "1" * 64, "1")
        assert [entry.kind for entry in await log.entries(2)] == ["LabOpened", "LabChanged"]
        await log.recorder.open(changed, "1" * 64, "1")
        assert log.writer.position == 2


async def test_a_full_disk_is_told_in_the_head_and_nothing_is_lost(tmp_path: Path) -> None:
    """Nothing is appended and nobody is answered; what is sent again when there is room goes in, in order."""
    with watched_disk() as disk:
        async with small_log(tmp_path) as log:
            bus = await log.join("line")
            await log.listen(bus, "line")
            await log.give_birth(bus, "line", 1)
            await log.worker.run(disk.fill)
            await log.send(bus, "line", 1, large(1))
            head = await log.head_where(lambda head: head.refusing is not None)
            assert "full" in (head.refusing or "")
            assert head.position == 1
            await log.worker.run(disk.free)
            await log.send(bus, "line", 1, large(1))
            await log.send(bus, "line", 2, started(2).to_bytes())
            entries = await log.entries(3)
            await log.head_where(lambda head: head.refusing is None and head.position == 3)
    assert [entry.id for entry in entries[1:]] == ["line/epoch/1", "line/epoch/2"]


async def test_nobody_is_told_that_an_entry_is_known_before_its_sequence_is_on_disk(tmp_path: Path) -> None:
    """An agent drops what is known from its outbox: told too early, that sequence would be missing for ever."""
    with watched_disk() as disk:
        async with small_log(tmp_path) as log:
            bus = await log.join("line")
            await log.listen(bus, "line")
            await log.give_birth(bus, "line", 1)
            await log.send(bus, "line", 1, started(1).to_bytes())
            await log.entries(2)
            await log.worker.run(disk.protect)
            await log.send(bus, "line", 2, started(1).to_bytes())
            await log.head_where(lambda head: head.refusing is not None)
            assert [answer for answer in log.answers if answer.answer == "known"] == []


async def test_a_recorder_to_which_nobody_sends_finds_out_that_there_is_room(tmp_path: Path) -> None:
    """While it refuses nobody starts anything, so nobody would ever send: it tries by itself."""
    with watched_disk() as disk:
        async with small_log(tmp_path) as log:
            bus = await log.join("once-1")
            await log.worker.run(disk.fill)
            command = make_entry("once-1/0/0", AbortCampaign(person="p", reason="r" * 60_000))
            await log.send(bus, "once-1", 1, command.to_bytes(), epoch=0)
            await log.head_where(lambda head: head.refusing is not None)
            await log.worker.run(disk.free)
            await log.head_where(lambda head: head.refusing is None)


async def test_a_read_only_disk_gives_no_birth_until_it_can_be_written(tmp_path: Path) -> None:
    """The process asks again; its epoch counts only once it is committed."""
    with watched_disk() as disk:
        async with small_log(tmp_path) as log:
            bus = await log.join("line")
            await log.listen(bus, "line")
            await log.worker.run(disk.protect)
            with pytest.raises(TimeoutError):
                await log.give_birth(bus, "line", 1, within=0.2)
            await log.head_where(lambda head: "readonly" in (head.refusing or ""))
            await log.worker.run(disk.free)
            assert (await log.give_birth(bus, "line", 1)).last_epoch == 0


async def test_bytes_that_cannot_be_kept_as_a_blob_are_refused_only_once_they_can(tmp_path: Path) -> None:
    """The refusal names the blob, so the blob comes first; other sources wait no longer than their next try."""
    async with small_log(tmp_path) as log:
        bus = await log.join("line")
        await log.listen(bus, "line")
        await log.give_birth(bus, "line", 1)
        await asyncio.to_thread(log.blobs.folder.write_text, "where the folder should be")
        await log.send(bus, "line", 1, b"{")
        await log.head_where(lambda head: "cannot be kept" in (head.refusing or ""))
        assert log.writer.position == 1
        await log.send(bus, "line", 1, started(1).to_bytes())
        assert [entry.kind for entry in await log.entries(2)] == ["LabOpened", "AgentStarted"]
        await bus.publish(TOPICS.build("submit", source="line"), b"nonsense")
        await log.head_where(lambda head: "cannot be kept" in (head.refusing or ""))
        await asyncio.to_thread(log.blobs.folder.unlink)
        await log.head_where(lambda head: head.refusing is None)
        assert await log.worker.run(log.blobs.get, hashlib.sha256(b"nonsense").hexdigest()) == b"nonsense"


async def test_a_laboratory_whose_blobs_moved_alone_is_refused(tmp_path: Path) -> None:
    """The log would name what cannot be found."""
    async with small_log(tmp_path) as log:
        changed = LABORATORY.model_copy(update={"blobs": "s3://bucket/raw"})
        with pytest.raises(StoreError, match=r"keeps blobs at s3://bucket/raw, but .* not there .*Copy them first"):
            await log.recorder.open(changed, "1" * 64, "1")
        assert log.writer.position == 1


async def test_a_laboratory_is_not_opened_on_a_full_disk(tmp_path: Path) -> None:
    """The log must begin with `LabOpened`, or not at all."""
    with watched_disk() as disk:
        async with small_log(tmp_path) as log:
            await log.worker.run(disk.fill)
            changed = LABORATORY.model_copy(update={"machines": ("main", *(f"machine_{n}" for n in range(4000)))})
            with pytest.raises(StoreError, match="nothing can be appended"):
                await log.recorder.open(changed, "1" * 64, "1")
            assert log.writer.position == 1


def test_a_store_of_another_laboratory_is_refused(tmp_path: Path) -> None:
    """Its samples are not ours."""
    LogWriter(tmp_path / "store.sqlite", "small", lambda _c, _l: None).close()
    with pytest.raises(StoreError, match="laboratory small, not of other"):
        LogWriter(tmp_path / "store.sqlite", "other", lambda _c, _l: None)
