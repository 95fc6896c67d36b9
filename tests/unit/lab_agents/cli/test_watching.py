"""Watching instruments from the command line."""

import asyncio
import io
import json
import os
import sys
from datetime import UTC, datetime

import pytest
from rich.console import Console

from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.cli import main, watching
from lab_agents.display.gauges import GaugeBoard
from lab_agents.messages.frames import Telemetry
from lab_agents.messages.topics import Topics
from lab_agents.state_folder import write_json
from tests.told_campaign import tell_campaign, write_state

TOPICS = Topics("opv_replay")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LAMP = Telemetry(
    instrument="tester", at=NOON, readings={"running": 1.0, "lamp": 1.0}, units={"running": "1", "lamp": "1"},
    read_at=NOON, within=1e12,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = write_state(tmp_path / "state", tell_campaign(1, failing=None))
    write_json(folder.runtime, {"broker": "mqtt://127.0.0.1:9"})
    monkeypatch.setattr(watching, "REACH", 0.1)
    return folder


async def watched(*told, as_json):
    """Publish readings to somebody who watches the tester and the robot."""
    hub = MemoryCarrier()
    async with MemoryBus(hub, "once-1") as watcher, MemoryBus(hub, "tester") as agent:
        showing = asyncio.create_task(watching.show(watcher, TOPICS, ("tester", "robot"), as_json=as_json))
        await asyncio.sleep(0)
        for one in told:
            await agent.publish(TOPICS.build("telemetry", instrument=one.instrument), one.model_dump_json().encode())
            for _ in range(3):
                await asyncio.sleep(0)
        showing.cancel()
        await asyncio.wait([showing])


async def test_each_reading_is_one_line(capsys):
    failed = LAMP.model_copy(update={"readings": {}, "trouble": "tester did not answer"})
    await watched(LAMP, failed, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "2026-01-01 12:00:00  tester: running, lamp",
        "2026-01-01 12:00:00  tester: NOT READ: tester did not answer (before: running, lamp)",
    ]


async def test_programs_get_one_json_object_a_line_and_nothing_of_others(capsys):
    await watched(LAMP, LAMP.model_copy(update={"instrument": "coater_a"}), as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["readings"] == {"running": 1.0, "lamp": 1.0}


def test_a_reader_who_has_enough_is_no_error(folder, monkeypatch, capfd):
    async def closed(*_arguments, **_options):
        raise BrokenPipeError

    monkeypatch.setattr(watching, "_watch", closed)
    kept = os.dup(1)
    try:
        watching.watch_instruments(folder.path, None, as_json=True, seconds=None)
        sys.stdout.write("this goes nowhere\n")
        sys.stdout.flush()
    finally:
        os.dup2(kept, 1)
        os.close(kept)
    assert capfd.readouterr() == ("", "")


def test_the_table_tells_what_was_not_heard():
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(watching.table_of(GaugeBoard(TOPICS, ("tester",))))
    assert "nothing heard yet" in console.export_text()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["toaster"], 3, "there is no instrument 'toaster'"),
        (["tester", "--for", "1"], 5, "Nobody answers at mqtt://127.0.0.1:9"),
    ],
)
def test_what_cannot_be_watched_is_said(folder, capsys, arguments, code, said):
    with pytest.raises(SystemExit) as left:
        main(["watch", *arguments, "--state", str(folder.path)])
    assert left.value.code == code
    assert said in capsys.readouterr().err
