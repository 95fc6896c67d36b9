"""Which server listens where."""

import asyncio
import gc
import socket
import sys
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from lab_agents.records.laboratory import InstrumentDeclaration, Laboratory
from simulators.errors import WorldError
from simulators.servers.listening import Servers
from simulators.servers.ports import free_port
from tests.simulated_world import laboratory, open_floor
from tests.thin_film_stand import open_floor as open_thin_film
from tests.thin_film_stand import thin_film


def with_addresses(**addresses: str) -> Laboratory:
    """The shipped laboratory with some addresses changed, and no OPC UA robot to wait for."""
    lab = laboratory()
    changed = {
        name: InstrumentDeclaration.model_copy(declaration, update={"address": addresses.get(name, "opc.tcp://x:1/")})
        for name, declaration in lab.instruments.items()
    }
    return lab.model_copy(update={"instruments": changed})


MODBUS = with_addresses(
    dispenser_a="modbus://127.0.0.1:0?unit=1", coater_a="modbus://127.0.0.1:0?unit=2", tester="scpi://127.0.0.1:0"
)


async def test_units_share_one_port_and_real_instruments_have_no_server(tmp_path) -> None:
    """Everything else of the address stays as declared."""
    async with open_floor(tmp_path) as floor:
        servers = Servers(MODBUS, floor)
        await servers.start()
        assert set(servers.addresses) == {"dispenser_a", "coater_a", "tester"}
        first, second = servers.addresses["dispenser_a"], servers.addresses["coater_a"]
        assert first.removesuffix("?unit=1") == second.removesuffix("?unit=2")
        await servers.close()


async def test_a_port_taken_meanwhile_is_replaced(tmp_path) -> None:
    """The laboratory starts all the same, and writes the new one."""
    async with open_floor(tmp_path) as floor:
        servers = Servers(MODBUS, floor)
        await servers.start()
        before = dict(servers.addresses)
        await servers.close()
        port = int(before["tester"].rsplit(":", 1)[1])
        with socket.create_server(("127.0.0.1", port)):
            again = Servers(MODBUS, floor)
            await again.start()
            assert again.addresses["tester"] != before["tester"]
            assert again.addresses["dispenser_a"] == before["dispenser_a"]
            other = int(again.addresses["tester"].rsplit(":", 1)[1])
            reader, writer = await asyncio.open_connection("127.0.0.1", other)
            writer.write(b"STAT?\n")
            assert await reader.readline() == b"0\n"
            writer.close()
            await again.close()


async def test_a_declared_port_is_kept_or_the_start_fails(tmp_path) -> None:
    """Clients that cannot learn a port are given one in the lab file."""
    port = free_port()
    lab = with_addresses(tester=f"scpi://127.0.0.1:{port}")
    async with open_floor(tmp_path) as floor:
        servers = Servers(lab, floor)
        await servers.start()
        assert servers.addresses == {"tester": f"scpi://127.0.0.1:{port}"}
        with pytest.raises(WorldError, match=f"tester cannot listen on port {port}"):
            await Servers(lab, floor).start()
        await servers.close()


@pytest.mark.parametrize("unit", ["2", "0", "300", "two"])
async def test_units_that_clash_or_cannot_be_are_refused(tmp_path, unit) -> None:
    """With the instrument's name."""
    lab = with_addresses(coater_a="modbus://127.0.0.1:0?unit=2", coater_b=f"modbus://127.0.0.1:0?unit={unit}")
    async with open_floor(tmp_path) as floor:
        servers = Servers(lab, floor)
        with pytest.raises(WorldError, match="coater_b"):
            await servers.start()
        await servers.close()


async def test_slots_of_a_lamp_share_a_port_of_their_own(tmp_path) -> None:
    """Four instruments, one server; other SCPI instruments listen elsewhere."""
    names = ("lamp_1", "lamp_2", "lamp_3", "lamp_4", "uvvis")
    async with open_thin_film(tmp_path, *names) as floor:
        servers = Servers(thin_film(*names), floor)
        await servers.start()
        ports = {name: urlsplit(address).port for name, address in servers.addresses.items()}
        assert len({ports[name] for name in names[:4]}) == 1
        assert ports["uvvis"] != ports["lamp_1"]
        assert servers.addresses["lamp_3"].endswith("?slot=3")
        await servers.close()


async def test_an_instrument_that_disconnects_hangs_up_and_listens_again_at_its_port(tmp_path, monkeypatch) -> None:
    """Whoever was connected is cut off; a second wish while it is deaf changes nothing."""
    monkeypatch.setattr("simulators.servers.listening.DEAF", 0.0)
    async with open_floor(tmp_path) as floor:
        servers = Servers(MODBUS, floor)
        await servers.start()
        port = int(servers.addresses["tester"].rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        floor.hang_up("tester")
        floor.hang_up("tester")
        assert await reader.read() == b""
        writer.close()
        async with asyncio.timeout(10):
            assert await ask_until_heard(port) == b"0\n"
        await servers.close()


async def ask_until_heard(port: int) -> bytes:
    """Whether the tester is busy, as soon as it listens."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0)
            continue
        writer.write(b"STAT?\n")
        answer = await reader.readline()
        writer.close()
        return answer


@pytest.mark.parametrize("instrument", ["handler", "spin_a", "xrd", "uvvis"])
async def test_a_client_that_comes_while_a_server_ends_is_hung_up_on(tmp_path, monkeypatch, instrument) -> None:
    """In whichever turn of the loop it is accepted, and whatever the protocol."""
    left_open: list[BaseException | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: left_open.append(found.exc_value))
    loop = asyncio.get_running_loop()
    async with open_thin_film(tmp_path, instrument) as floor:
        for turns in range(8):
            servers = Servers(thin_film(instrument), floor)
            await servers.start()
            with socket.socket() as client:
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", urlsplit(servers.addresses[instrument]).port))
                for _ in range(turns):
                    await asyncio.sleep(0)
                async with asyncio.timeout(10):
                    await servers.close()
                    with suppress(ConnectionResetError):
                        assert await loop.sock_recv(client, 1) == b""
    gc.collect()
    assert left_open == []
