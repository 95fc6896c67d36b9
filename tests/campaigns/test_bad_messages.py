"""Whatever arrives on the bus, no process ends: what nobody can read is kept and becomes a ticket.

A stop request that nobody can read is a stop; what comes on that topic is tried where guards are.
"""

import asyncio
import hashlib
import json
from contextlib import suppress
from urllib.parse import urlsplit

import aiomqtt
import pytest

from lab_agents.messages.course import TicketOpened
from lab_agents.messages.topics import TABLE, Topics
from tests.campaigns.real_laboratory import real_laboratory, write_campaign

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1200)]

N_FILMS = 6
SPEED = "1200"
"""Laboratory seconds per wall second, so that there is a campaign to disturb for a while."""
SOURCES = ("line_a", "robot", "supervision", "recorder", "once-1", "nobody")
PAYLOADS = {
    "no text": b"\xff\x00\xfe",
    "nothing": b"",
    "null": b"null",
    "an empty object": b"{}",
    "an empty list": b"[]",
    "a deep list": b"[" * 50_000,
    "no numbers": b'{"position":NaN,"number":NaN,"epoch":NaN,"now":NaN,"granted":NaN}',
    "huge numbers": b'{"position":1e999,"epoch":99999999999999999999999,"sequence":-1}',
    "wrong types": b'{"log":1,"position":"1","chain":[],"recorder":{},"ask":"all","answer":"all","id":0}',
    "a header without an end": b'{"source":"nobody","epoch":0,"sequence":1}',
    "half a page": b'{"answer":"page","number":1,"log":"x","count":5}\n12\nshort',
}
OVERSIZED = b"x" * 900_000
"""Above what we send, below what the broker carries."""
BEYOND = b"x" * 3_000_000
"""Above what the broker carries."""
KEPT = ("head", "clock", "permit")
"""Topics on which garbage is also retained, so that whoever starts later meets it."""


def frame(source, **entry):
    """A frame that can be read, with an entry that may not stand in the log."""
    return json.dumps({"source": source, "epoch": 0, "sequence": 1}).encode() + b"\n" + json.dumps(entry).encode()


FOREIGN = {
    "once-7": frame("once-7", id="once-7/1", kind="Nonsense", schema_version=1),
    "stranger": frame("stranger", id="stranger/1", kind="TaskDone", schema_version=1, subject="x", record={}),
    "once-8": frame("once-8", id="once-8/1") + b"\n" + b"x" * 100_000,
}
"""Frames with a readable header, which use up a sequence."""


async def test_bad_messages_stop_nobody_are_kept_and_become_tickets(tmp_path):
    campaign = await asyncio.to_thread(write_campaign, tmp_path / "disturbed.yaml", samples=N_FILMS)
    async with real_laboratory(tmp_path) as laboratory:
        await laboratory.start(campaign, "--speed", SPEED)
        before = laboratory.pids()
        await pester(laboratory, Topics("opv_replay"))
        assert laboratory.pids() == before
        assert await laboratory.ended() == 0, laboratory.said()
        await check_kept(laboratory)
        audited, replayed = await laboratory.audit(), await laboratory.replay()
    assert audited.agrees, audited.to_text()
    assert (audited.n_observations, audited.n_unknown, audited.n_failed) == (N_FILMS, 0, 0)
    assert replayed.agrees, replayed.to_text()


async def pester(laboratory, topics):
    """Say everything on every topic, twice: before the first film is made, and while one is measured."""
    for _ in range(2):
        n_acts = len(laboratory.acts())
        for topic in every_topic(topics):
            for payload in PAYLOADS.values():
                await laboratory.watch.bus.publish(topic, payload)
        for source, data in FOREIGN.items():
            await laboratory.watch.bus.publish(topics.build("submit", source=source), data)
        for name in KEPT:
            await laboratory.watch.bus.publish(topics.build(name), PAYLOADS["wrong types"], retain=True)
        await shout(laboratory, topics)
        await laboratory.until(lambda n=n_acts: len(laboratory.acts()) > n)


async def shout(laboratory, topics):
    """What is larger than a bus takes, from a client that is none of ours."""
    broker = urlsplit(laboratory.broker)
    async with aiomqtt.Client(broker.hostname, broker.port, timeout=30) as client:
        for topic in every_topic(topics):
            await client.publish(topic, OVERSIZED, qos=0)
    with suppress(aiomqtt.MqttError):
        # The broker cuts off whoever sends this, and nobody else.
        async with aiomqtt.Client(broker.hostname, broker.port, timeout=30) as client:
            await client.publish(topics.build("submit", source="nobody"), BEYOND, qos=0)


def every_topic(topics):
    """Each topic of the laboratory with each name, and some that are none of it."""
    for rule in TABLE:
        if rule.name == "stop":
            continue
        names = SOURCES if rule.place == "source" else ("main",) if rule.place == "machine" else ("tester",)
        for name in names:
            yield topics.build(rule.name, **({rule.place: name} if rule.place else {}))
            if rule.place is None:
                break
    yield from ("lab/opv_replay/nothing", "lab/other/log", "lab/opv_replay/submit", "elsewhere")


async def check_kept(laboratory):
    """Refused frames and the first unreadable ones are blobs, and tickets name them."""
    refused = [logged.entry.record for logged in await laboratory.entries("EntryRefused")]
    assert {body.source for body in refused} >= {"once-7", "stranger"}
    tickets = [logged.entry.record for logged in await laboratory.entries("TicketOpened")]
    evidence = [body.ticket.trouble.evidence for body in tickets if isinstance(body, TicketOpened)]
    named = {address for found in evidence for address in found.values()}
    assert {body.raw for body in refused} <= named
    kept = {path.name for path in (laboratory.state / "blobs").rglob("*")}
    for data in (PAYLOADS["no text"], *(body.partition(b"\n")[2] for body in FOREIGN.values())):
        assert hashlib.sha256(data).hexdigest() in kept
