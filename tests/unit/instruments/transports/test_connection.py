"""Writes are sent once, only reads are asked again."""

import asyncio

import pytest

from instruments.errors import TransportError
from instruments.transports.connection import Connection
from tests.paper_wire import PaperWire


async def test_a_read_that_failed_is_asked_once_more_on_a_new_connection():
    wire = PaperWire(status=1)
    connection = Connection(wire, "coater_a", 1.0)
    wire.failures = 1
    assert await connection.read("status") == 1
    assert wire.opened == 2
    wire.failures = 2
    with pytest.raises(TransportError, match="coater_a, reading status: the wire broke"):
        await connection.read("status")


async def test_a_write_that_failed_is_not_sent_again_and_may_have_arrived():
    wire = PaperWire()
    connection = Connection(wire, "coater_a", 1.0)
    wire.failures = 1
    with pytest.raises(TransportError) as error:
        await connection.write("halt", 1)
    assert error.value.sent
    assert wire.written == [("halt", 1)]
    await connection.write("halt", 1)
    assert wire.opened == 2


class DeadWire(PaperWire):
    """Nobody listens."""

    async def open(self):
        self.opened += 1
        raise OSError("refused")


async def test_a_write_without_a_connection_has_certainly_not_arrived():
    wire = DeadWire()
    with pytest.raises(TransportError, match="cannot be reached, connecting: refused") as error:
        await Connection(wire, "coater_a", 1.0).write("halt", 1)
    assert not error.value.sent
    assert wire.written == []


class SlowWire(PaperWire):
    """Answers late."""

    async def read(self, signal, token):
        await asyncio.sleep(30)
        return 0


async def test_silence_ends_with_the_time_limit():
    with pytest.raises(TransportError, match=r"did not answer reading status within 0\.01 s"):
        await Connection(SlowWire(), "coater_a", 0.01).read("status")


async def test_a_connection_that_is_known_to_be_lost_is_opened_before_a_write():
    wire = PaperWire()
    connection = Connection(wire, "coater_a", 1.0)
    await connection.connect()
    wire.is_lost = True
    await connection.write("halt", 1)
    assert (wire.opened, wire.written) == (2, [("halt", 1)])


async def test_requests_keep_their_order_and_never_overlap():
    wire = PaperWire(status=[0, 1, 2, 3])
    connection = Connection(wire, "coater_a", 1.0)
    assert await asyncio.gather(*(connection.read("status") for _ in range(4))) == [0, 1, 2, 3]
    assert wire.opened == 1


async def test_a_kept_connection_is_opened_beforehand():
    wire = PaperWire(status=0)
    connection = Connection(wire, "coater_a", 1.0)
    await connection.connect()
    await connection.connect()
    await connection.read("status")
    assert wire.opened == 1


async def test_a_closed_connection_is_never_opened_again():
    """Whoever asks too late would leave it open: nobody closes it a second time."""
    wire = PaperWire(status=0)
    connection = Connection(wire, "coater_a", 1.0)
    earlier = asyncio.create_task(connection.read("status"))
    closing = asyncio.create_task(connection.close())
    later = asyncio.create_task(connection.read("status"))
    assert await earlier == 0
    await closing
    with pytest.raises(TransportError, match="The connection to coater_a is closed"):
        await later
    with pytest.raises(TransportError, match="closed") as error:
        await connection.write("halt", 1)
    assert not error.value.sent
    assert (wire.opened, wire.written) == (1, [])
