"""Watching what instruments show, live: a table for people, a line of JSON for each reading for programs."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from instruments.drivers import load_driver
from instruments.lab import read_laboratory
from lab_agents.bus.mqtt import MqttBus
from lab_agents.bus.protocol import Bus, Message
from lab_agents.cli.output import say
from lab_agents.cli.submitting import broker_url, new_source
from lab_agents.credentials import PEOPLE, access_of
from lab_agents.display.gauges import GaugeBoard
from lab_agents.errors import DeclarationError, GuardError
from lab_agents.messages.frames import Telemetry
from lab_agents.messages.topics import Topics
from lab_agents.records.laboratory import Laboratory
from lab_agents.state_folder import StateFolder

REACH = 10.0
"""Wall seconds to wait for the broker of a laboratory that should be running."""
REFRESH = 0.5
"""Wall seconds between two pictures: ages are shown in whole seconds."""


def watch_instruments(state: Path, instrument: str | None, *, as_json: bool, seconds: float | None) -> None:
    """Show what one instrument, or every one, shows, until `seconds` have passed or somebody ends it.

    Raises:
        GuardError: If the laboratory's broker does not answer.
        DeclarationError: If there is no such instrument.
    """
    folder = StateFolder.open(state)
    laboratory = read_laboratory(folder.lab_file)
    names = _named(folder, laboratory, instrument)
    try:
        bus = MqttBus(broker_url(folder), new_source(), access=access_of(laboratory, PEOPLE))
        asyncio.run(_watch(bus, Topics(laboratory.name), names, as_json=as_json, seconds=seconds))
    except BrokenPipeError:
        # Whoever read has enough (`| head`). What Python would still flush at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _named(folder: StateFolder, laboratory: Laboratory, instrument: str | None) -> tuple[str, ...]:
    shows = tuple(name for name, i in laboratory.instruments.items() if load_driver(i.driver).gauges)
    if instrument is None:
        return shows
    if instrument not in laboratory.instruments:
        raise DeclarationError(
            f"there is no instrument {instrument!r}", source=str(folder.lab_file), field="instruments",
            remedy=f"Known are {', '.join(laboratory.instruments)}",
        )  # fmt: skip
    if instrument not in shows:
        raise DeclarationError(
            f"the driver of {instrument} declares nothing to look at", source=str(folder.lab_file), field="instruments"
        )
    return (instrument,)


async def _watch(bus: MqttBus, topics: Topics, names: tuple[str, ...], *, as_json: bool, seconds: float | None) -> None:
    async with bus:
        try:
            async with asyncio.timeout(REACH):
                await bus.wait_connected()
        except TimeoutError:
            raise GuardError(f"Nobody answers at {bus.url}. Start the laboratory: lab-agents resume.") from None
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await show(bus, topics, names, as_json=as_json)


async def show(bus: Bus, topics: Topics, names: tuple[str, ...], *, as_json: bool) -> None:
    """Show readings as they come, for ever."""
    board, console = GaugeBoard(topics, names), Console()
    heard: asyncio.Queue[Telemetry] = asyncio.Queue()

    def hear(message: Message) -> None:
        if (told := board.hear(message)) is not None:
            heard.put_nowait(told)

    for name in names:
        await bus.subscribe(topics.build("telemetry", instrument=name), hear)
    while as_json or not console.is_terminal:
        told = await heard.get()
        text = f"{told.at:%Y-%m-%d %H:%M:%S}  {told.instrument}: {board.of(told.instrument).text}"
        say(told.model_dump_json() if as_json else text)
    with Live(table_of(board), console=console, auto_refresh=False) as live:
        while True:
            live.update(table_of(board), refresh=True)
            await asyncio.sleep(REFRESH)


def table_of(board: GaugeBoard) -> Table:
    """What each instrument shows, and how old that is."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("instrument", no_wrap=True)
    table.add_column("shows")
    table.add_column("read", justify="right", no_wrap=True)
    for gauges in board.all():
        style = "red" if gauges.trouble else "yellow" if gauges.is_stale else "dim" if gauges.age is None else ""
        age = "" if gauges.age is None else f"{gauges.age:.0f} s ago"
        table.add_row(Text(gauges.instrument), Text(gauges.text), age, style=style)
    return table
