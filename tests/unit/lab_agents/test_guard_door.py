import asyncio
import json

import pytest

from lab_agents.control import MAX_ANSWER, ControlServer
from lab_agents.errors import GuardError, SilentGuardError
from lab_agents.guard_door import ask_once, find_guard, guard_status
from lab_agents.local_sockets import serve_at
from lab_agents.messages.frames import GuardStatus, InstrumentState
from lab_agents.settings import Settings
from lab_agents.state_folder import StateFolder


@pytest.fixture
def folder(tmp_path):
    made = StateFolder.create(tmp_path, "toy", b"name: toy\n")
    made.guard("main").mkdir(parents=True)
    return made


async def test_answers_before_the_last_are_reported(folder):
    async def answer(request):
        yield {"draining": "line_a"}
        yield {"ok": True, "asked": request}

    said = []
    async with ControlServer(folder.guard("main") / "guard.sock", answer):
        assert await ask_once(folder, "main", {"do": "x"}, said.append) == {"ok": True, "asked": {"do": "x"}}
    assert said == [{"draining": "line_a"}]


async def test_a_refusal_is_an_error_with_the_guards_words(folder):
    async def refuse(request):
        raise GuardError("There is no child 'lin'.")
        yield {}

    async with ControlServer(folder.guard("main") / "guard.sock", refuse):
        with pytest.raises(GuardError, match="no child 'lin'"):
            await ask_once(folder, "main", {"do": "hold"})


async def test_the_status_of_a_machine_with_hundreds_of_troubled_instruments_is_read_whole(folder):
    trouble = InstrumentState(state="unreachable", detail="it did not answer connecting within 2 s " * 20)
    status = GuardStatus(machine="main", epoch=1, pid=1, instruments={f"probe_{n}": trouble for n in range(400)})

    async def answer(request):
        yield {"ok": True, "status": status.model_dump(mode="json"), "roles": {}, "attended": True}

    async with ControlServer(folder.guard("main") / "guard.sock", answer):
        found = await guard_status(folder, "main")
    assert GuardStatus.model_validate_json(json.dumps(found["status"])) == status


async def test_without_a_guard_the_error_says_how_to_start_one(folder):
    assert find_guard(folder, "main") is None
    with pytest.raises(GuardError, match="lab-agents resume"):
        await guard_status(folder, "main")


async def test_a_guard_that_dies_while_it_is_asked_is_told_from_one_that_refuses(folder):
    async def die(reader, writer):
        await reader.readline()
        writer.close()

    async with await serve_at(folder.guard("main") / "guard.sock", die):
        with pytest.raises(GuardError, match="ended while it was asked to status"):
            await guard_status(folder, "main")


@pytest.mark.parametrize("noise", [b"x" * (MAX_ANSWER + 1) + b"\n", b"[]\n"])
async def test_an_answer_that_cannot_be_read_is_an_error_that_says_so(folder, noise):
    async def babble(reader, writer):
        await reader.readline()
        writer.write(noise)
        writer.close()

    async with await serve_at(folder.guard("main") / "guard.sock", babble):
        with pytest.raises(GuardError, match="answered to status cannot be read"):
            await guard_status(folder, "main")


async def test_a_silent_guard_is_an_error_of_its_own(folder):
    asked = asyncio.Event()

    async def freeze(reader, writer):
        await reader.readline()
        asked.set()
        await reader.read()
        writer.close()

    async with await serve_at(folder.guard("main") / "guard.sock", freeze):
        with pytest.raises(SilentGuardError):
            await guard_status(folder, "main", settings=Settings(kill=0.05))
        assert asked.is_set()
