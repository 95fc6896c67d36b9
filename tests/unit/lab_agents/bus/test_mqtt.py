"""The MQTT bus without a broker; with one it is tried by tests/integration/test_bus_contract.py."""

import asyncio
import gc
import logging
import sys
from contextlib import suppress

import pytest

from lab_agents.bus.broker import choose_port
from lab_agents.bus.mqtt import Access, MqttBus
from lab_agents.errors import BusError
from lab_agents.listening import end_listening


@pytest.mark.parametrize(
    "url", ["", "localhost:1883", "http://host:1883", "mqtt://", "mqtt://host:port", "mqtt://host?version=4"]
)
def test_an_address_that_is_none_is_refused_with_an_example(url):
    with pytest.raises(BusError, match="Write mqtt://host:port"):
        MqttBus(url, "a")


@pytest.mark.parametrize("url", ["mqtt://host", "mqtt://host:1", "mqtts://host", "mqtt://host?version=5"])
def test_an_address_may_name_port_security_and_version(url):
    assert not MqttBus(url, "a").is_connected


def test_an_address_with_a_password_is_refused_without_repeating_it():
    with pytest.raises(BusError, match="holds no user and no password") as refused:
        MqttBus("mqtt://user:secret@host:1", "a")
    assert "secret" not in str(refused.value)


async def test_a_key_that_others_may_read_or_that_is_none_is_refused(tmp_path):
    names = ("ca.crt", "line.crt", "line.key")
    access = Access(*(tmp_path / name for name in names))
    with pytest.raises(BusError, match="lab-agents credentials"):
        await MqttBus("mqtts://127.0.0.1:1", "a", access=access).__aenter__()
    for name in names:
        await asyncio.to_thread((tmp_path / name).write_text, "no certificate")
    with pytest.raises(BusError, match="chmod 600"):
        await MqttBus("mqtts://127.0.0.1:1", "a", access=access).__aenter__()
    await asyncio.to_thread(access.key.chmod, 0o600)
    with pytest.raises(BusError, match="are no certificate, key and authority"):
        await MqttBus("mqtts://127.0.0.1:1", "a", access=access).__aenter__()


async def test_without_a_broker_entering_returns_and_publishing_says_no():
    async with asyncio.timeout(60), MqttBus(f"mqtt://127.0.0.1:{choose_port()}", "a") as bus:
        await bus.subscribe("x", print)
        assert not bus.is_connected
        assert await bus.publish("x", b"1") is False


async def test_leaving_ends_a_bus_that_never_connected():
    bus = MqttBus(f"mqtt://127.0.0.1:{choose_port()}", "a")
    async with asyncio.timeout(60):
        await bus.__aenter__()
        await bus.__aexit__(None, None, None)
    assert not bus.is_connected


async def test_a_cancellation_that_the_client_library_swallows_still_ends_the_task():
    """As `asyncio.wait_for` of Python 3.11 does where the broker answers in the same turn."""
    bus, waits = MqttBus(f"mqtt://127.0.0.1:{choose_port()}", "swallowed"), asyncio.Event()

    async def publish():
        async with bus._until_lost():  # noqa: SLF001 - no broker can be made to answer in that very turn
            with suppress(asyncio.CancelledError):
                waits.set()
                await asyncio.Event().wait()
        raise AssertionError("it went on")

    publishing = asyncio.create_task(publish())
    await waits.wait()
    publishing.cancel()
    await asyncio.wait({publishing})
    assert publishing.cancelled()


async def test_the_end_of_a_connection_is_no_error_and_others_are(caplog):
    """The client library calls it one; what a broker that is put to rest does is said by `is_connected`."""
    wire = logging.getLogger("lab_agents.bus.mqtt.wire")
    wire.error("failed to receive on socket: %s", "Connection reset by peer")
    wire.error("Caught exception in on_message: %s", "a fault")
    assert [record.getMessage() for record in caplog.records] == ["Caught exception in on_message: a fault"]


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("turns", [1, 5, 200])
async def test_whoever_is_cancelled_while_it_connects_leaves_nothing_open(monkeypatch, times, turns):
    """However often, and whether the client library's thread has connected by then or not; the broker is silent."""
    left_open: list[BaseException | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: left_open.append(found.exc_value))
    present = set()

    async def serve(reader, writer):
        present.add(writer)
        await reader.read()
        writer.close()
        present.discard(writer)

    async def use(url):
        async with MqttBus(url, "impatient"):
            raise AssertionError("it came in")

    broker = await asyncio.start_server(serve, "127.0.0.1", 0)
    using = asyncio.create_task(use(f"mqtt://127.0.0.1:{broker.sockets[0].getsockname()[1]}"))
    for _ in range(turns):
        await asyncio.sleep(0)
    for _ in range(times):
        using.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({using})
    assert using.cancelled()
    async with asyncio.timeout(30):
        await end_listening(broker)
        while present:
            await asyncio.sleep(0.01)
    gc.collect()
    assert left_open == []
