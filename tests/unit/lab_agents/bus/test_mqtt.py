"""The MQTT bus without a broker; with one it is tried by tests/integration/test_bus_contract.py."""

import asyncio

import pytest

from lab_agents.bus.broker import choose_port
from lab_agents.bus.mqtt import MqttBus
from lab_agents.errors import BusError


@pytest.mark.parametrize(
    "url", ["", "localhost:1883", "http://host:1883", "mqtt://", "mqtt://host:port", "mqtt://host?version=4"]
)
def test_an_address_that_is_none_is_refused_with_an_example(url):
    with pytest.raises(BusError, match="Write mqtt://host:port"):
        MqttBus(url, "a")


@pytest.mark.parametrize("url", ["mqtt://host", "mqtt://user:p%40ss@host:1", "mqtts://host", "mqtt://host?version=5"])
def test_an_address_may_name_user_port_security_and_version(url):
    assert not MqttBus(url, "a").is_connected


async def test_without_a_broker_entering_returns_and_publishing_says_no():
    async with asyncio.timeout(10), MqttBus(f"mqtt://127.0.0.1:{choose_port()}", "a") as bus:
        await bus.subscribe("x", print)
        assert not bus.is_connected
        assert await bus.publish("x", b"1") is False


async def test_leaving_ends_a_bus_that_never_connected():
    bus = MqttBus(f"mqtt://127.0.0.1:{choose_port()}", "a")
    async with asyncio.timeout(10):
        await bus.__aenter__()
        await bus.__aexit__(None, None, None)
    assert not bus.is_connected
