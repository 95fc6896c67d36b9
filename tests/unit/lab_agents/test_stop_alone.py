import asyncio
import json
import sys

import pytest

from instruments.lab import read_laboratory
from lab_agents.errors import StateFolderError
from lab_agents.state_folder import StateFolder, locked
from lab_agents.stop_alone import stop_alone
from simulators.lab import SimulatedLab
from tests.simulated_world import LAB_FILE, TABLE
from tests.toy_machine import QUICK, toy_folder, toy_household
from tests.unattended import NeverAtRest, say_nothing, stop_request

ASKING = """\
import sys
from pathlib import Path
from lab_agents.guard_client import request_stop
print(request_stop(Path(sys.argv[1]), person="ada", reason="smoke", within=60).model_dump_json())
"""


async def test_every_instrument_of_the_shipped_laboratory_confirms_its_safe_state_without_a_guard(tmp_path):
    # In a process of its own, because Channel Access reads its environment once.
    lab_file = await asyncio.to_thread(LAB_FILE.read_bytes)
    folder = await asyncio.to_thread(StateFolder.create, tmp_path / "state", "opv_replay", lab_file)
    laboratory = await asyncio.to_thread(read_laboratory, folder.lab_file)
    async with SimulatedLab(laboratory, TABLE, folder.simulator, NeverAtRest(), say_nothing):
        command = (sys.executable, "-c", ASKING, str(folder.path))
        pipe = asyncio.subprocess.PIPE
        asking = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
        answered, said = await asking.communicate()
        answer = json.loads(answered)
    assert {name: state["state"] for name, state in answer["instruments"].items()} == dict.fromkeys(
        laboratory.instruments, "safe at"
    )
    assert answer["unanswered"] == []
    assert b"caRepeater" not in said, "the client library finds a stand-in for the repeater"


async def test_it_leaves_the_machine_to_a_guard_that_holds_the_lock(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    household = await asyncio.to_thread(toy_household, folder)
    lock = locked(folder.guard("main") / "lock")
    await asyncio.to_thread(lock.__enter__)
    try:
        with pytest.raises(StateFolderError, match="is held by process"):
            await stop_alone(household, stop_request())
    finally:
        lock.__exit__(None, None, None)


async def test_what_does_not_answer_is_unreachable_and_the_latch_stands(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    household = await asyncio.to_thread(lambda: toy_household(folder, settings=QUICK))
    found = await stop_alone(household, stop_request())
    assert found["coater"].state == "unreachable"
    latch = await asyncio.to_thread((folder.guard("main") / "latch.json").read_text)
    assert json.loads(latch)["stops"][0]["id"] == "stop-1"
