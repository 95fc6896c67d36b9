"""The conformance suite of the bus on real brokers, and what only real brokers can do: freeze, run out of ports."""

import asyncio
import contextlib
import os
import signal
import sys

import psutil
import pytest

from lab_agents.bus.broker import broker_command, choose_port, wait_until_ready
from lab_agents.bus.mqtt import MqttBus
from lab_agents.bus.protocol import Message
from lab_agents.errors import BusError
from tests.contracts.bus import PATIENCE, BusContract, Inbox, eventually

MEMBER = """
import asyncio, sys
from lab_agents.bus.mqtt import MqttBus

async def main(url, name, topic, payload):
    async with MqttBus(url, name, (topic, payload.encode())) as bus:
        await bus.wait_connected()
        print("connected", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main(*sys.argv[1:]))
"""


class ProcessVictim:
    """A member in a process of its own."""

    def __init__(self, process):
        self._process = process

    async def kill(self):
        self._process.kill()
        await self._process.wait()

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)

    async def leave(self):
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.stdin.close()
            await self._process.wait()


class BrokerWorld:
    """A real broker in a child process."""

    def __init__(self, kind, folder):
        self.kind, self.folder, self.port = kind, folder, choose_port()
        self.query = ""
        self.process = None

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}{self.query}"

    def make(self, name):
        return MqttBus(self.url, name)

    @contextlib.asynccontextmanager
    async def make_victim(self, name, will):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", MEMBER, self.url, name, will[0], will[1].decode()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        victim = ProcessVictim(process)
        try:
            async with asyncio.timeout(PATIENCE):
                assert await process.stdout.readline() == b"connected\n"
            yield victim
        finally:
            await victim.leave()

    async def keep(self):
        if self.kind == "mosquitto":
            database = self.folder / "mosquitto.db"
            before = database.stat().st_mtime_ns if database.exists() else 0
            await eventually(lambda: database.exists() and database.stat().st_mtime_ns > before)

    async def stop(self):
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def start(self):
        command = await asyncio.to_thread(broker_command, self.kind, self.folder, self.port)
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(*command.command, stdout=log, stderr=log)
        await wait_until_ready(command.url)


class RealBrokerContract(BusContract):
    """The suite, and what it takes to freeze a member or a broker."""

    kind = ""
    frozen = 0.0
    """Seconds within which the broker gives up a frozen member."""

    @pytest.fixture
    async def world(self, tmp_path):
        world = BrokerWorld(self.kind, tmp_path)
        await world.start()
        yield world
        await world.stop()

    async def test_the_will_of_a_frozen_member_is_sent(self, world):
        async with world.make("b") as b, world.make_victim("a", ("status/a", b"dead")) as victim:
            inbox = Inbox()
            await b.subscribe("status/a", inbox)
            clock = asyncio.get_running_loop()
            begin = clock.time()
            victim.freeze()
            assert await inbox.next() == Message("status/a", b"dead")
            assert clock.time() - begin < self.frozen

    async def test_a_frozen_broker_holds_no_publisher_for_long(self, world):
        async with world.make("a") as a:
            clock = asyncio.get_running_loop()
            os.kill(world.process.pid, signal.SIGSTOP)
            begin = clock.time()
            # The signal takes a moment to reach every thread.
            while await a.publish("x", b"1"):
                pass
            assert clock.time() - begin < 3.0
            os.kill(world.process.pid, signal.SIGCONT)
            await eventually(lambda: a.is_connected)
            async with asyncio.timeout(PATIENCE):
                while not await a.publish("x", b"2"):
                    await asyncio.sleep(0.01)

    async def test_a_receiver_that_raises_costs_no_connection(self, world):
        async with world.make("a") as a:
            raised, inbox = [], Inbox()

            def refuse(message):
                raise ValueError(message.topic)

            asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context["exception"]))
            await a.subscribe("x", refuse)
            await a.subscribe("y", inbox)
            await a.publish("x", b"1")
            await a.publish("y", b"2")
            assert await inbox.payloads(1) == [b"2"]
            assert [str(error) for error in raised] == ["x"]
            assert a.is_connected

    async def test_a_taken_port_is_refused_before_the_broker_is_started(self, world, tmp_path):
        with pytest.raises(BusError, match=f"Port {world.port} on 127.0.0.1"):
            await asyncio.to_thread(broker_command, self.kind, tmp_path / "second", world.port)

    async def test_it_listens_on_loopback_only(self, world):
        listening = _listening(world.process.pid)
        assert listening
        assert {address for address, _ in listening} == {"127.0.0.1"}


def _listening(pid):
    return [c.laddr for c in psutil.Process(pid).net_connections() if c.status == psutil.CONN_LISTEN]


class TestMosquitto(RealBrokerContract):
    """The reference broker."""

    kind = "mosquitto"
    frozen = 10.0  # 1.5 times the keepalive, and it looks every 5 s


class TestNats(RealBrokerContract):
    """The embedded broker."""

    kind = "nats"
    frozen = 4.0


class TestMosquittoWithMqtt5(BusContract):
    """The same code on MQTT 5."""

    @pytest.fixture
    async def world(self, tmp_path):
        world = BrokerWorld("mosquitto", tmp_path)
        world.query = "?version=5"
        await world.start()
        yield world
        await world.stop()


async def test_waiting_for_a_broker_that_is_not_there_ends_with_its_address():
    url = f"mqtt://127.0.0.1:{choose_port()}"
    with pytest.raises(BusError, match=url):
        await wait_until_ready(url, within=0.3)
