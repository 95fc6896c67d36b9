import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from threading import Event

import pytest

from lab_agents.latch import Latch
from lab_agents.messages.frames import InstrumentState, Rearm
from lab_agents.stopping import Stopping
from tests.unattended import stop_request


class Keeper:
    """Keeps the order in which things happened."""

    name = "oven"
    ends_as = "safe at"

    def __init__(self, happened):
        self.happened, self.is_settled, self.written_at = happened, False, None
        self.state = InstrumentState(state="not asked")
        self.answers = None

    def begin(self):
        self.is_settled = False

    async def write_at_once(self):
        if self.answers is None:
            self.happened.append("written")
            return
        self.happened.append("asked")
        try:
            await self.answers.wait()
        except asyncio.CancelledError:
            self.happened.append("cut off")
            raise
        self.happened.append("answered")

    async def make_safe(self, report):
        self.happened.append("safe")
        self.is_settled, self.written_at = True, datetime.now(UTC)
        self.state = InstrumentState(state=self.ends_as)
        report()


class Scene:
    def __init__(self, path, kill=None):
        self.happened = []
        self.path = path / "latch.json"
        self.settled = asyncio.Event()
        self.keeper = Keeper(self.happened)
        self.reports = []
        self.stopping = Stopping(
            Latch(self.path), {"oven": self.keeper}, kill or self.kill, self.report, keep=self.reports.append
        )

    async def kill(self, frozen):
        await frozen()
        self.happened.append(
            "killed, latch on disk" if "stop-1" in await asyncio.to_thread(self.path.read_text) else ""
        )

    def report(self):
        if self.stopping.is_settled:
            self.settled.set()


@asynccontextmanager
async def stopped(path, kill=None):
    scene = Scene(path, kill)
    assert scene.stopping.stop(stop_request())
    async with asyncio.timeout(60):
        await scene.settled.wait()
    yield scene
    scene.stopping.cancel()
    await asyncio.sleep(0)


async def test_a_stop_latches_writes_while_drivers_are_frozen_kills_them_and_makes_safe(tmp_path):
    async with stopped(tmp_path) as scene:
        assert scene.happened == ["written", "killed, latch on disk", "safe"]


async def test_the_same_stop_again_does_nothing_and_another_one_does_it_all_again(tmp_path):
    async with stopped(tmp_path) as scene:
        assert scene.stopping.stop(stop_request())
        assert scene.happened == ["written", "killed, latch on disk", "safe"]
        scene.settled.clear()
        assert scene.stopping.stop(stop_request("stop-2"))
        await scene.settled.wait()
        assert scene.happened == ["written", "killed, latch on disk", "safe"] * 2


@asynccontextmanager
async def asked(path):
    """A stop whose first write is not answered yet, while the driver is frozen."""
    scene = Scene(path)
    scene.keeper.answers = asyncio.Event()
    assert scene.stopping.stop(stop_request())
    async with asyncio.timeout(60):
        while not scene.happened:
            await asyncio.sleep(0)
        yield scene
    scene.stopping.cancel()
    await asyncio.sleep(0)


async def test_killing_waits_a_moment_for_the_first_writes_and_what_is_late_is_cut_off_before_it_is_asked_again(
    tmp_path, monkeypatch
):
    """An instrument that a frozen driver keeps from answering, or that was lost a moment ago."""
    monkeypatch.setattr("lab_agents.stopping.AT_ONCE", 0.01)
    monkeypatch.setattr("lab_agents.stopping.LATE", 0.01)
    async with asked(tmp_path) as scene:
        await scene.settled.wait()
        assert scene.happened == ["asked", "killed, latch on disk", "cut off", "safe"]


async def test_a_first_write_that_is_answered_late_is_not_cut_off(tmp_path, monkeypatch):
    """A busy machine is no reason to begin anew."""
    monkeypatch.setattr("lab_agents.stopping.AT_ONCE", 0.01)
    monkeypatch.setattr("lab_agents.stopping.LATE", 60.0)
    scene = Scene(tmp_path)
    scene.keeper.answers = asyncio.Event()

    async def kill(frozen):
        await frozen()
        scene.happened.append("killed")
        asyncio.get_running_loop().call_later(0.01, scene.keeper.answers.set)

    scene.stopping = Stopping(Latch(scene.path), {"oven": scene.keeper}, kill, scene.report)
    assert scene.stopping.stop(stop_request())
    async with asyncio.timeout(60):
        await scene.settled.wait()
    assert scene.happened == ["asked", "killed", "answered", "safe"]
    scene.stopping.cancel()
    await asyncio.sleep(0)


async def test_a_second_stop_in_between_leaves_nobody_frozen_and_writes_for_itself(tmp_path):
    async with asked(tmp_path) as scene:
        unanswered, scene.keeper.answers = scene.keeper.answers, None
        assert scene.stopping.stop(stop_request("stop-2"))
        await scene.settled.wait()
        # The first one's killing goes on by itself, and may end after the second one's.
        while len(scene.happened) < 6:
            await asyncio.sleep(0)
        assert sorted(scene.happened) == sorted(["asked", "cut off", "written", *["killed, latch on disk"] * 2, "safe"])
        written, killed, safe = (scene.happened.index(what) for what in ("written", "killed, latch on disk", "safe"))
        assert max(written, killed) < safe
        assert not unanswered.is_set()


async def test_a_stop_that_is_lifted_in_between_kills_whom_it_froze_and_writes_nothing_more(tmp_path):
    async with asked(tmp_path) as scene:
        await scene.stopping.rearm(Rearm(stop="stop-1", person="ada", reason="looked", at=datetime.now(UTC)))
        while len(scene.happened) < 3:
            await asyncio.sleep(0)
        assert scene.happened[:2] == ["asked", "cut off"]
        assert scene.happened[2].startswith("killed")
        assert not scene.stopping._at_once  # noqa: SLF001


async def test_a_lifted_stop_is_ignored(tmp_path):
    async with stopped(tmp_path) as scene:
        await scene.stopping.rearm(Rearm(stop="stop-1", person="ada", reason="looked", at=datetime.now(UTC)))
        assert not scene.stopping.latch.is_set
        assert not scene.stopping.stop(stop_request())


async def test_safe_states_are_written_also_where_killing_fails(tmp_path, caplog):
    async def fail(_):
        raise PermissionError("not ours")

    async with stopped(tmp_path, fail) as scene:
        assert scene.happened == ["safe"]
    assert "not ours" in caplog.text


async def test_safe_states_are_written_also_where_the_disk_takes_no_latch(tmp_path, caplog):
    folder = tmp_path / "nowhere"
    scene = Scene(folder, lambda _: asyncio.sleep(0))
    scene.stopping.stop(stop_request())
    await scene.settled.wait()
    assert scene.stopping.latch.is_set, "in memory it holds"
    assert "the latch could be written" in caplog.text
    scene.stopping.cancel()
    await asyncio.sleep(0)


async def test_the_first_writes_let_the_latch_go_ahead(tmp_path, monkeypatch):
    """A library that takes the guard down when it writes leaves a latch to the next one."""
    monkeypatch.setattr("lab_agents.stopping.LATCH_AHEAD", 60.0)

    class Looking(Keeper):
        async def write_at_once(self):
            self.happened.append(await asyncio.to_thread(scene.path.read_text))

    scene = Scene(tmp_path)
    scene.stopping = Stopping(Latch(scene.path), {"oven": Looking(scene.happened)}, scene.kill, scene.report)
    assert scene.stopping.stop(stop_request())
    async with asyncio.timeout(60):
        await scene.settled.wait()
    assert "stop-1" in scene.happened[0]
    scene.stopping.cancel()
    await asyncio.sleep(0)


async def test_a_disk_that_hangs_keeps_the_first_writes_waiting_a_moment_and_killing_for_its_time(
    tmp_path, monkeypatch, caplog
):
    class Hanging(Latch):
        def save(self):
            may_write.wait()
            super().save()

    monkeypatch.setattr("lab_agents.stopping.LATCH_WITHIN", 0.5)
    may_write, scene = Event(), Scene(tmp_path)

    async def kill(frozen):
        await frozen()
        scene.happened.append("killed")

    scene.stopping = Stopping(Hanging(scene.path), {"oven": scene.keeper}, kill, scene.report)
    assert scene.stopping.stop(stop_request())
    async with asyncio.timeout(60):
        while not scene.happened:
            await asyncio.sleep(0)
        assert (scene.happened, scene.stopping.is_recorded) == (["written"], False)
        await scene.settled.wait()
    assert scene.happened == ["written", "killed", "safe"]
    assert "the latch could be written" in caplog.text
    may_write.set()
    scene.stopping.cancel()
    await asyncio.sleep(0)


async def test_what_a_stop_did_is_kept_with_the_instant_of_every_safe_write(tmp_path):
    async with stopped(tmp_path) as scene:
        async with asyncio.timeout(60):
            while not scene.stopping.is_reported:
                await asyncio.sleep(0)
        (report, *_) = scene.reports
        assert (report.stop.id, set(report.instruments)) == ("stop-1", {"oven"})
        written_at = report.instruments["oven"].written_at
        assert report.heard_at <= report.latched_at <= report.killed_at <= written_at


async def test_a_stop_that_another_one_overtakes_is_reported_too(tmp_path):
    scene = Scene(tmp_path, lambda _: asyncio.sleep(0))
    assert scene.stopping.stop(stop_request())
    heard_by = datetime.now(UTC)
    assert scene.stopping.stop(stop_request("stop-2"))
    async with asyncio.timeout(60):
        while not scene.stopping.is_reported:
            await asyncio.sleep(0)
    first, second = scene.reports[:2]
    assert (first.stop.id, second.stop.id) == ("stop-1", "stop-2")
    assert first.heard_at <= heard_by <= second.heard_at
    scene.stopping.cancel()
    await asyncio.sleep(0)


async def test_a_disk_that_takes_no_report_holds_up_nothing(tmp_path):
    def full(_):
        raise OSError(28, "No space left on device")

    scene = Scene(tmp_path)
    scene.stopping = Stopping(Latch(scene.path), {"oven": scene.keeper}, scene.kill, scene.report, keep=full)
    assert scene.stopping.stop(stop_request())
    async with asyncio.timeout(60):
        await scene.settled.wait()
        while not scene.stopping.is_reported:
            await asyncio.sleep(0)
    assert scene.happened[-1] == "safe"


@pytest.mark.parametrize(
    ("stop", "ends_as", "is_drilled"),
    [("drill-1", "safe at", True), ("drill-1", "unreachable", False), ("stop-1", "safe at", False)],
)
async def test_a_drill_counts_when_every_instrument_was_confirmed_safe(tmp_path, stop, ends_as, is_drilled):
    scene = Scene(tmp_path, lambda _: asyncio.sleep(0))
    scene.keeper.ends_as = ends_as
    scene.stopping.stop(stop_request(stop))
    async with asyncio.timeout(60):
        while not scene.stopping.is_reported:
            await asyncio.sleep(0)
    assert (scene.stopping.drilled is not None) == is_drilled
    scene.stopping.cancel()
    await asyncio.sleep(0)
