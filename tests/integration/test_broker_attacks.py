"""A real broker with certificates and the access list, attacked with every user's own credentials."""

import asyncio
import contextlib
from collections import defaultdict

import pytest

from lab_agents.bus.broker import Door, broker_command, choose_port, wait_until_ready
from lab_agents.bus.mqtt import MqttBus
from lab_agents.certificates import make_credentials
from lab_agents.credentials import BROKER, PEOPLE, Credentials
from lab_agents.messages.access import broker_users, mosquitto_access
from lab_agents.messages.topics import TABLE, Topics
from lab_agents.records.laboratory import AgentDeclaration, InstrumentDeclaration, Laboratory
from lab_agents.records.notification import NotificationChannel
from tests.contracts.bus import eventually

LABORATORY = Laboratory(
    name="small",
    agents={
        "line": AgentDeclaration(role="synthesis", instruments=("pump",)),
        "station": AgentDeclaration(role="characterization", instruments=("meter",), machine="annex"),
        "planning": AgentDeclaration(role="planning"),
        "supervision": AgentDeclaration(role="supervision"),
    },
    instruments={
        "pump": InstrumentDeclaration(driver="toy", address="toy://"),
        "meter": InstrumentDeclaration(driver="toy", address="toy://"),
    },
    machines=("main", "annex"),
    notifications={"phone": NotificationChannel(kind="webhook", address="https://127.0.0.1/x")},
)
TOPICS = Topics("small")
USERS = tuple(user.name for user in broker_users(LABORATORY))
AGENTS = tuple(LABORATORY.agents)
SOURCES = (*AGENTS, "recorder", "simulator", "once-1")
OWNERS = {"pump": "line", "meter": "station"}


def every_topic():
    """Each topic of the laboratory, as (row of the table, whose it is, topic)."""
    machines = {machine: f"guard_{machine}" for machine in LABORATORY.machines}
    places = {"source": {s: s for s in SOURCES}, "machine": machines, "instrument": OWNERS}
    for rule in TABLE:
        if rule.place is None:
            yield rule, None, TOPICS.build(rule.name)
        else:
            yield from (
                (rule, owner, TOPICS.build(rule.name, **{rule.place: part}))
                for part, owner in places[rule.place].items()
            )


def parties(user):
    """What a user is, in the words of the table."""
    if user in AGENTS:
        return {"agent", "supervision"} if user == "supervision" else {"agent"}
    return {"guard"} if user.startswith("guard_") else {"person"} if user == PEOPLE else {user}


def may_write(user, rule, owner):
    """By the table: one of the writers, and under its own name; the recorder answers everybody."""
    if not parties(user) & set(rule.writers):
        return False
    if owner is None or user == "recorder":
        return True
    return owner.startswith("once-") or owner == "recorder" if user == PEOPLE else owner == user


def may_read(user, rule, owner):
    """By the table: one of the readers; what not everybody reads, under the own name."""
    if not parties(user) & set(rule.readers):
        return False
    if rule.is_public or owner is None or user == "recorder":
        return True
    return owner.startswith("once-") or owner == "recorder" if user == PEOPLE else owner == user


@pytest.fixture
async def lab(tmp_path):
    """Address and credentials of a guarded broker."""
    await asyncio.to_thread(make_credentials, LABORATORY, tmp_path / "credentials")
    credentials, port = Credentials(tmp_path / "credentials"), choose_port()
    door = Door(credentials.access(BROKER), mosquitto_access(LABORATORY))
    command = await asyncio.to_thread(broker_command, "mosquitto", tmp_path / "broker", port, door=door)
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command.command, stdout=log, stderr=log)
    try:
        await wait_until_ready(command.url, 30.0, credentials.access(PEOPLE))
        yield command.url, credentials
    finally:
        process.kill()
        await process.wait()


async def all_clients(stack, url, credentials):
    """A connected client of every user."""
    clients = {}
    for user in USERS:
        bus = MqttBus(url, f"{user}-1", access=credentials.access(user))
        clients[user] = await stack.enter_async_context(bus)
    for bus in clients.values():
        await asyncio.wait_for(bus.wait_connected(), 30)
    return clients


async def test_nobody_writes_or_reads_what_the_table_does_not_grant(lab):
    """Each user tries every topic of the laboratory; what arrives, and where, is exactly what the table says."""
    topics = tuple(every_topic())
    got = defaultdict(set)
    async with contextlib.AsyncExitStack() as stack:
        clients = await all_clients(stack, *lab)
        for user, bus in clients.items():
            for *_, topic in topics:
                await bus.subscribe(topic, lambda message, user=user: got[user].add((message.topic, message.payload)))
        for user, bus in clients.items():
            tries = (bus.publish(topic, user.encode()) for *_, topic in topics)
            await asyncio.gather(*tries)
        wanted = {
            reader: {
                (topic, writer.encode())
                for rule, owner, topic in topics
                if may_read(reader, rule, owner)
                for writer in USERS
                if may_write(writer, rule, owner)
            }
            for reader in USERS
        }
        # The recorder's word comes last on every connection: what was to arrive before it has.
        end = (TOPICS.build("log"), b"end")
        await clients["recorder"].publish(*end)
        await eventually(lambda: all(end in got[user] for user in USERS))
    for user in USERS:
        assert got[user] - {end} == wanted[user], user
    assert {w for _, w in wanted["recorder"] if w == b"planning"}
    assert not any(topic.startswith("lab/small/guards") and w not in (b"guard_main", b"guard_annex")
                   for seen in got.values() for topic, w in seen)  # fmt: skip


async def test_who_has_no_certificate_of_this_laboratory_is_not_let_in(lab, tmp_path):
    """Nobody, somebody of another laboratory, somebody who does not look whom it talks to, another's name as client."""
    url, credentials = lab
    await asyncio.to_thread(make_credentials, LABORATORY, tmp_path / "foreign")
    foreign = Credentials(tmp_path / "foreign").access("planning")
    mixed = type(foreign)(credentials.authority, foreign.certificate, foreign.key)
    heard = []
    strangers = (
        MqttBus(url.replace("mqtts", "mqtt"), "plain"),  # in clear
        MqttBus(url, "foreign", access=foreign),  # does not know our authority
        MqttBus(url, "mixed", access=mixed),  # knows it, and shows another one's certificate
    )
    async with contextlib.AsyncExitStack() as stack:
        await asyncio.gather(*(bus.__aenter__() for bus in strangers))
        stack.push_async_callback(lambda: asyncio.gather(*(bus.__aexit__(None, None, None) for bus in strangers)))
        line = await stack.enter_async_context(MqttBus(url, "line-1", access=credentials.access("line")))
        thief = await stack.enter_async_context(MqttBus(url, "line-1", access=credentials.access("planning")))
        recorder = await stack.enter_async_context(MqttBus(url, "recorder-1", access=credentials.access("recorder")))
        for bus in (line, thief, recorder):
            await asyncio.wait_for(bus.wait_connected(), 30)
        await recorder.subscribe(TOPICS.build("submit", source="line"), lambda message: heard.append(message.payload))
        await thief.publish(TOPICS.build("submit", source="line"), b"stolen")
        assert await line.publish(TOPICS.build("submit", source="line"), b"mine")
        await eventually(lambda: heard)
        assert heard == [b"mine"]
        # Whoever takes another's client id neither gets its rights nor throws it out.
        assert line.is_connected
        assert thief.is_connected
        assert not any(bus.is_connected for bus in strangers)
