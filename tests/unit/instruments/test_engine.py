"""The engine: acts in, results out, nothing twice."""

import asyncio
import hashlib
import json
from datetime import timedelta

import pytest

from instruments.errors import (
    ActuationFailedError,
    InterlockError,
    MotionRefusedError,
    TransportError,
)
from lab_agents.records.laboratory import ExclusiveGroup, Interlocks, OnlyWhen
from tests.instrument_stand import ABOUT, coat, dose, new_vial, open_gate, open_stand
from tests.simulated_world import START, token


@pytest.fixture
async def stand(tmp_path):
    async with open_stand(tmp_path, "dispenser_a", "coater_a") as opened:
        yield opened


def _lines(stand, result, name="documents"):
    """The documents of a result's run, from its blob."""
    return [json.loads(line) for line in stand.blobs.get(result.blobs[name]).splitlines()]


async def _read(stand, result):
    return await asyncio.to_thread(_lines, stand, result)


async def test_an_act_is_written_down_before_it_moves_and_after_it_ended(stand):
    engine = await stand.engine("line_a")
    result = await engine.perform(new_vial(), 0, token(1), open_gate, ABOUT)
    assert stand.intents.of(token(1)) == ["intend", "done"]
    assert stand.intents.written[0][2] == "new_vial() of dispenser_a"
    assert (result.act, result.token, result.started_at) == (0, token(1), START)
    assert result.ended_at > START
    assert engine.motions() == ()


async def test_a_run_leads_back_to_its_act(stand):
    engine = await stand.engine("line_a")
    await engine.perform(new_vial(), 0, token(1), open_gate, ABOUT)
    result = await engine.perform(dose(), 1, token(2), open_gate, ABOUT)
    documents = await _read(stand, result)
    assert [line["name"] for line in documents] == ["start", "descriptor", "event", "stop"]
    start, event = documents[0]["doc"], documents[2]["doc"]
    assert start["uid"] == result.run
    assert {name: start[name] for name in ("task", "sample", "token", "act", "plan_name", "epoch")} == {
        **ABOUT,
        "token": token(2),
        "act": 1,
        "plan_name": "dose",
        "epoch": 1,
    }
    assert event["data"]["dispenser_a-delivered"] == result.readings["delivered"]
    assert result.readings["asked"] == 20.0
    content = await asyncio.to_thread(stand.blobs.get, result.blobs["documents"])
    assert hashlib.sha256(content).hexdigest() == result.blobs["documents"]


async def test_a_motion_waits_only_while_the_instrument_executes(stand):
    stand.jumps, seen = False, []
    engine = await stand.engine("line_a")
    engine.on_change(lambda: seen.append([motion.waits for motion in engine.motions()]))
    waiting = asyncio.create_task(engine.perform(new_vial(), 0, token(1), open_gate, ABOUT))
    await stand.has_started(token(1))
    async with asyncio.timeout(60):
        while [True] not in seen:
            await asyncio.sleep(0.005)
    await stand.finish()
    await waiting
    await asyncio.sleep(0)
    assert seen[0] == [False]
    assert seen[-1] == []


async def test_a_gate_that_shuts_after_the_intent_moves_nothing(stand):
    calls = []

    def gate():
        calls.append(len(calls))
        if len(calls) == 3:
            raise MotionRefusedError("The latch fell.")

    engine = await stand.engine("line_a")
    with pytest.raises(MotionRefusedError, match="latch"):
        await engine.perform(new_vial(), 0, token(1), gate, ABOUT)
    assert stand.intents.of(token(1)) == ["intend", "not started"]
    assert await stand.executed(token(1)) == 0


async def test_a_refusal_of_the_instrument_leaves_its_outcome(stand):
    engine = await stand.engine("line_a")
    with pytest.raises(MotionRefusedError, match="physical state forbids"):
        await engine.perform(coat(), 0, token(1), open_gate, ABOUT)
    assert stand.intents.of(token(1)) == ["intend", "not started"]
    await engine.perform(new_vial(), 0, token(2), open_gate, ABOUT)


async def test_an_older_epoch_is_fenced_off(stand):
    younger = await stand.engine("line_a", epoch=2)
    await younger.perform(new_vial(), 0, token(1), open_gate, ABOUT)
    older = await stand.engine("line_a", epoch=1)
    with pytest.raises(MotionRefusedError, match="younger process"):
        await older.perform(dose(), 1, token(2), open_gate, ABOUT)


async def test_a_wait_that_is_cancelled_abandons_neither_the_actuation_nor_its_outcome(stand):
    stand.jumps = False
    engine = await stand.engine("line_a")
    waiting = asyncio.create_task(engine.perform(new_vial(), 0, token(1), open_gate, ABOUT))
    await stand.has_started(token(1))
    waiting.cancel()
    await asyncio.wait([waiting])
    assert [motion.token for motion in engine.motions()] == [token(1)]
    await stand.finish()
    async with asyncio.timeout(60):
        while engine.motions():
            await asyncio.sleep(0.005)
    assert stand.intents.of(token(1)) == ["intend", "done"]


async def test_acts_asked_for_at_once_run_one_after_the_other(stand):
    engine = await stand.engine("line_a")
    await engine.perform(new_vial(), 0, token(1), open_gate, ABOUT)
    acts = [engine.perform(dose(), n, token(n), open_gate, ABOUT) for n in range(2, 6)]
    results = await asyncio.gather(*acts)
    assert [result.token for result in results] == [token(n) for n in range(2, 6)]
    assert [line.token for line in await stand.ledger() if line.action == "dose"] == [token(n) for n in range(2, 6)]


async def test_instruments_of_one_agent_work_at_the_same_time(stand):
    engine = await stand.engine("line_a")
    await engine.perform(new_vial(), 0, token(1), open_gate, ABOUT)
    stand.jumps = False
    # One after the other: there is no coat without the ink of this dose, and no dose into a vial that was emptied.
    both = [asyncio.create_task(engine.perform(dose(), 2, token(2), open_gate, ABOUT))]
    await stand.has_started(token(2))
    both.append(asyncio.create_task(engine.perform(coat(), 3, token(3), open_gate, ABOUT)))
    await stand.has_started(token(3))
    async with asyncio.timeout(60):
        while not all(motion.waits for motion in engine.motions()):
            await asyncio.sleep(0.005)
    assert {motion.instrument for motion in engine.motions()} == {"dispenser_a", "coater_a"}
    await stand.finish()
    results = await asyncio.gather(*both)
    assert [result.token for result in results] == [token(2), token(3)]
    documents = [await _read(stand, result) for result in results]
    assert [lines[0]["doc"]["token"] for lines in documents] == [token(2), token(3)]
    assert [len({line["doc"]["uid"] for line in lines if line["name"] == "start"}) for lines in documents] == [1, 1]


async def test_of_an_exclusive_group_only_one_is_started_even_if_both_are_asked_for_at_once(stand):
    group = ExclusiveGroup(instruments=("dispenser_a", "coater_a"), because="they share a hood")
    engine = await stand.engine(
        "line_a", lab=stand.lab.model_copy(update={"interlocks": Interlocks(exclusive=(group,))})
    )
    await engine.perform(new_vial(), 0, token(1), open_gate, ABOUT)
    # With ink in the vial either of the two could move.
    await engine.perform(dose(), 1, token(4), open_gate, ABOUT)
    stand.jumps = False
    both = asyncio.gather(
        engine.perform(dose(), 1, token(2), open_gate, ABOUT),
        engine.perform(coat(), 0, token(3), open_gate, ABOUT),
        return_exceptions=True,
    )
    async with asyncio.timeout(60):
        while not await stand.executed(token(2)) + await stand.executed(token(3)):
            await asyncio.sleep(0.01)
    async with asyncio.timeout(60):
        while len(engine.motions()) > 1:
            await asyncio.sleep(0.005)
    await stand.finish()
    refused = [one for one in await both if isinstance(one, InterlockError)]
    assert len(refused) == 1
    assert "they share a hood" in str(refused[0])


async def test_a_run_that_a_death_left_open_is_closed_and_continued_by_a_run_that_names_it(stand):
    stand.jumps = False
    first = await stand.engine("line_a", epoch=1)
    waiting = asyncio.create_task(first.perform(new_vial(), 0, token(1), open_gate, ABOUT))
    await stand.has_started(token(1))
    (left_open,) = (stand.folder / "documents" / "line_a").glob("*.open")
    dead = await asyncio.to_thread(left_open.read_bytes)
    await first.close()
    await asyncio.wait([waiting])
    # As a SIGKILL leaves it: no stop document.
    for file in (stand.folder / "documents" / "line_a").iterdir():
        await asyncio.to_thread(file.unlink)
    await asyncio.to_thread(left_open.write_bytes, dead)
    second = await stand.engine("line_a", epoch=2)
    await stand.finish()
    found = await second.reconcile(new_vial(), 0, token(1), ABOUT, intended=True)
    assert found.verdict == "done"
    start = (await _read(stand, found.result))[0]["doc"]
    assert start["continues"] == json.loads(dead.splitlines()[0])["doc"]["uid"]
    assert start["continues"] != found.result.run
    assert found.result.started_at == START
    assert stand.intents.of(token(1))[-1] == "done"
    assert await stand.executed(token(1)) == 1


async def test_what_was_halted_is_reconciled_as_failed(stand):
    stand.jumps = False
    engine = await stand.engine("line_a")
    waiting = asyncio.create_task(engine.perform(new_vial(), 0, token(1), open_gate, ABOUT))
    await stand.has_started(token(1))
    await engine.halt("dispenser_a")
    with pytest.raises(ActuationFailedError, match="was halted"):
        await waiting
    assert stand.intents.of(token(1)) == ["intend", "failed"]
    found = await engine.reconcile(new_vial(), 0, token(1), ABOUT, intended=True)
    assert found.verdict == "failed"


async def test_what_never_reached_the_instrument_may_be_done_under_the_same_token(stand):
    engine = await stand.engine("line_a")
    found = await engine.reconcile(new_vial(), 0, token(1), ABOUT, intended=True)
    assert found.verdict == "not_started"
    await engine.perform(new_vial(), 0, token(1), open_gate, ABOUT)
    assert await stand.executed(token(1)) == 1


async def test_an_instrument_of_another_agent_is_not_driven(stand):
    engine = await stand.engine("line_b")
    with pytest.raises(InterlockError, match="line_b does not drive dispenser_a"):
        await engine.perform(new_vial(), 0, token(1), open_gate, ABOUT)


async def test_an_instrument_starts_only_while_what_must_be_so_is_so(stand):
    rule = OnlyWhen(
        instrument="dispenser_a", plans=("dose",), reads="coater_a", signal="status", lower=1.0, upper=1.0,
        because="the chuck must turn",
    )  # fmt: skip
    lab = stand.lab.model_copy(update={"interlocks": Interlocks(only_when=(rule,))})
    engine = await stand.engine("line_a", lab=lab)
    await engine.perform(new_vial(), 0, token(1), open_gate, ABOUT)
    with pytest.raises(InterlockError, match="the chuck must turn"):
        await engine.perform(dose(), 1, token(2), open_gate, ABOUT)
    assert stand.intents.of(token(2)) == []
    assert await stand.executed(token(2)) == 0


async def test_an_engine_names_every_instrument_that_it_cannot_reach(stand):
    address = stand.lab.instruments["coater_a"].address
    lost = stand.lab.instruments["coater_a"].model_copy(update={"address": address.replace("127.0.0.1", "127.0.0.2")})
    lab = stand.lab.model_copy(update={"instruments": {**stand.lab.instruments, "coater_a": lost}})
    with pytest.raises(TransportError, match=r"coater_a at modbus://127\.0\.0\.2.*Check addresses and power"):
        await stand.engine("line_a", lab=lab)


async def test_an_engine_that_is_not_connected_says_so(stand):
    engine = stand.make_engine("line_a")
    with pytest.raises(TransportError, match="not connected"):
        await engine.halt("coater_a")
    assert engine.motions() == ()


async def test_laboratory_time_passes_while_an_instrument_works(stand):
    engine = await stand.engine("line_a")
    result = await engine.perform(new_vial(), 0, token(1), open_gate, ABOUT)
    assert result.ended_at - result.started_at == timedelta(hours=2)
