"""The SCPI wire, line by line."""

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.floor import Floor
from simulators.servers.scpi import ScpiServer
from simulators.servers.scpi_dialects import DIALECTS
from tests.simulated_world import carry_out, film, open_floor, soak, token, transfer
from tests.thin_film_stand import open_floor as open_thin_film
from tests.thin_film_stand import order


class Client:
    """One connection of lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, line: str) -> None:
        """Send a line that is not answered."""
        self.writer.write(line.encode() + b"\n")

    async def ask(self, line: str) -> str:
        """Send a line; its answer."""
        self.send(line)
        return (await asyncio.wait_for(self.reader.readline(), 60)).decode().removesuffix("\n")

    async def error(self) -> int:
        """The oldest error."""
        return int((await self.ask("SYST:ERR?")).split(",")[0])


@pytest.fixture
async def floor(tmp_path) -> AsyncIterator[Floor]:
    """Instruments without servers."""
    async with open_floor(tmp_path) as opened:
        yield opened


@pytest.fixture
async def client(floor) -> AsyncIterator[Client]:
    """A connection to the tester."""
    server = ScpiServer(floor, {1: "tester"}, DIALECTS["scpi_tester"])
    reader, writer = await asyncio.open_connection("127.0.0.1", await server.start(0))
    yield Client(reader, writer)
    writer.close()
    await server.close()


async def bring_film(floor: Floor) -> None:
    """A film of 1:1 on the tester's stage."""
    await carry_out(floor, *film(1, (1, 50.0), (2, 50.0)), ("robot", transfer(9, "stage_a", "stage_t")))


async def test_it_says_what_it_is_and_how_it_is_calibrated(client) -> None:
    """The tester's word for a table of shares."""
    assert await client.ask("*IDN?") == "Lab Agents,LST-1,0,1"
    assert await client.ask("CAL:SCALE?") == "0,1"
    assert await client.ask("CAL:TAU?") == "600"
    assert await client.ask("STAT?") == "0"


async def test_a_soak_runs_and_leaves_its_trace(client, floor) -> None:
    """From never seen over running to done; the decay encodes the recorded value."""
    await bring_film(floor)
    assert await client.ask(f'SOAK:STATE? "{token(20)}"') == "0"
    client.send(f'SOAK:START "{token(20)}",2,3600')
    assert await client.ask("SYST:ERR?") == '0,"No error"'
    assert await client.ask(f'SOAK:STATE? "{token(20)}"') == "1"
    assert await client.ask("LAMP?") == "1"
    assert await client.ask(f'TRACE:DATA? "{token(20)}"') == ""
    end = floor.next_end()
    assert end is not None
    await floor.advance(end)
    assert await client.ask(f'SOAK:STATE? "{token(20)}"') == "2"
    times = [float(x) for x in (await client.ask(f'TRACE:TIME? "{token(20)}"')).split(",")]
    trace = [float(x) for x in (await client.ask(f'TRACE:DATA? "{token(20)}"')).split(",")]
    assert len(times) == len(trace) == 120
    assert times[-1] == 3600
    lost = 1 - math.log10(trace[-1]) / math.log10(trace[0])
    assert lost / (1 - math.exp(-6)) == pytest.approx(0.31, abs=0.02)


async def test_a_trace_outlives_a_power_cut(tmp_path) -> None:
    """It is made again from the ledger, number by number."""
    traces = []
    async with open_floor(tmp_path) as floor:
        await bring_film(floor)
        await carry_out(floor, ("tester", soak(20)))
    for _ in range(2):
        async with open_floor(tmp_path) as floor:
            server = ScpiServer(floor, {1: "tester"}, DIALECTS["scpi_tester"])
            reader, writer = await asyncio.open_connection("127.0.0.1", await server.start(0))
            traces.append(await Client(reader, writer).ask(f'TRACE:DATA? "{token(20)}"'))
            writer.close()
            await server.close()
    assert traces[0] == traces[1]
    assert traces[0].count(",") == 119


async def test_refusals_queue_as_errors_and_reading_clears_them(client, floor) -> None:
    """No film, too long, older epoch; then nothing more."""
    client.send(f'SOAK:START "{token(1)}",5,3600')
    client.send(f'SOAK:START "{token(2)}",5,1e9')
    client.send(f'SOAK:START "{token(3)}",4,3600')
    assert [await client.error() for _ in range(4)] == [3, 2, 4, 0]


async def test_lamp_off_halts(client, floor) -> None:
    """The token has failed, its record is empty."""
    await bring_film(floor)
    client.send(f'SOAK:START "{token(20)}",1,3600')
    client.send("LAMP 0")
    assert await client.ask("LAMP?") == "0"
    assert await client.ask(f'SOAK:STATE? "{token(20)}"') == "3"
    assert await client.ask(f'TRACE:DATA? "{token(20)}"') == ""


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("HELLO", -113),
        ("SOAK:START", -102),
        ('SOAK:START "xyz",1,60', -102),
        (f'SOAK:START "{token(1)}",1,nan', -102),
        ("LAMP 2", -102),
        ("LAMP 1", -221),
        ("A" * 10000, -363),
        ("ünïcode?", -113),
    ],
)
async def test_what_cannot_be_meant_is_an_error_of_the_standard(client, line, error) -> None:
    """And the connection goes on."""
    client.send(line)
    assert await client.error() == error
    assert await client.ask("*idn?") == "Lab Agents,LST-1,0,1"


async def test_errors_belong_to_their_connection(client) -> None:
    """A second client does not read the first one's."""
    client.send("HELLO")
    reader, writer = await asyncio.open_connection(*client.writer.get_extra_info("peername"))
    assert await Client(reader, writer).error() == 0
    assert await client.error() == -113
    writer.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(min_size=1, max_size=300))
async def test_garbage_never_ends_the_server(client, garbage) -> None:
    """Property: whatever one connection sends, the next one is served."""
    _, writer = await asyncio.open_connection(*client.writer.get_extra_info("peername"))
    writer.write(garbage)
    writer.close()
    assert await client.ask("STAT?") == "0"


@pytest.fixture
async def lamps(tmp_path) -> AsyncIterator[tuple[Client, Floor]]:
    """A connection to a lamp of two slots, with a film in the second."""
    async with open_thin_film(tmp_path, "handler", "robot", "spin_a", "lamp_1", "lamp_2") as floor:
        orders = (("handler", order(1, "mix")), ("spin_a", order(2, "spin")))
        await carry_out(floor, *orders, ("robot", order(3, "transfer", target="lamp_2")))
        server = ScpiServer(floor, {1: "lamp_1", 2: "lamp_2"}, DIALECTS["scpi_lamp"])
        reader, writer = await asyncio.open_connection("127.0.0.1", await server.start(0))
        yield Client(reader, writer), floor
        writer.close()
        await server.close()


async def test_a_slot_is_spoken_to_by_its_number(lamps) -> None:
    """The other one stays dark, and a header without a slot is none."""
    client, floor = lamps
    assert await client.ask("*IDN?") == "Lab Agents,LSL-4,0,1"
    client.send(f'SLOT1:EXP:START "{token(9)}",1,1.0,1800')
    assert await client.error() == 3
    client.send(f'slot2:exp:start "{token(9)}",1,1.0,1800')
    assert await client.error() == 0
    assert [await client.ask(f"SLOT{n}:OUTP?") for n in (1, 2)] == ["0", "1"]
    await floor.advance(floor.now + timedelta(hours=1))
    assert await client.ask(f'SLOT2:EXP:STATE? "{token(9)}"') == "2"
    times = (await client.ask(f'SLOT2:TRACE:TIME? "{token(9)}"')).split(",")
    assert (len(times), float(times[-1])) == (181, 1800.0)
    client.send(f'EXP:STATE? "{token(9)}"')
    assert await client.error() == -113


async def test_a_switch_ends_the_slots_own_program(lamps) -> None:
    """Its token has failed."""
    client, _ = lamps
    client.send(f'SLOT2:EXP:START "{token(9)}",1,1.0,1800')
    client.send("SLOT1:OUTP 0")
    assert await client.ask("SLOT2:STAT?") == "1"
    client.send("SLOT2:OUTP 0")
    assert await client.ask(f'SLOT2:EXP:STATE? "{token(9)}"') == "3"
