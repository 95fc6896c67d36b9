"""The access list, as text and on a real broker."""

import asyncio
import base64
import contextlib
import getpass
import hashlib
import shutil
from pathlib import Path

import pytest

from instruments.lab import read_laboratory
from lab_agents.bus.broker import choose_port
from lab_agents.bus.mqtt import MqttBus
from lab_agents.messages.access import broker_users, mosquitto_access, mosquitto_configuration
from lab_agents.messages.topics import TABLE, Topics
from tests.contracts.bus import Inbox, eventually

LAB_FILE = Path(__file__).parents[4] / "deployment" / "labs" / "opv_replay.yaml"
PASSWORD = "only for tests"
TOPICS = Topics("opv_replay")


@pytest.fixture(scope="module")
def laboratory():
    return read_laboratory(LAB_FILE)


def _granted(text, user):
    """The rules of one user, as (what, topic)."""
    lines = iter(text.splitlines())
    for line in lines:
        if line == f"user {user}":
            break
    rules = []
    for line in lines:
        if line.startswith("user "):
            break
        if line:
            rules.append(tuple(line.split()[1:]))
    return rules


def test_an_agent_writes_under_its_own_name_only(laboratory):
    written = {topic for what, topic in _granted(mosquitto_access(laboratory), "line_a") if what == "write"}
    assert written == {
        "lab/opv_replay/submit/line_a",
        "lab/opv_replay/read/line_a",
        "lab/opv_replay/agents/line_a/status",
        "lab/opv_replay/agents/line_a/rest",
        "lab/opv_replay/instruments/dispenser_a/telemetry",
        "lab/opv_replay/instruments/coater_a/telemetry",
    }


@pytest.mark.parametrize(("name", "writer"), [("log", "recorder"), ("permit", "supervision"), ("clock", "simulator")])
def test_one_user_writes_what_only_one_may(laboratory, name, writer):
    text = mosquitto_access(laboratory)
    rule = ("write", TOPICS.build(name))
    assert [user.name for user in broker_users(laboratory) if rule in _granted(text, user.name)] == [writer]


def test_users_have_different_names(laboratory):
    names = [user.name for user in broker_users(laboratory)]
    assert len(names) == len(set(names))


def test_every_row_has_a_writing_and_a_reading_user(laboratory):
    text = mosquitto_access(laboratory)
    for rule in TABLE:
        part = rule.template.split("/")[0]
        assert f"topic write lab/opv_replay/{part}" in text
        assert f"topic read lab/opv_replay/{part}" in text


def _password_line(user):
    """As mosquitto_passwd writes it: PBKDF2 with SHA-512."""
    salt = hashlib.sha256(user.encode()).digest()[:12]
    key = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 101)
    return f"{user}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}\n"


@pytest.fixture
async def broker(tmp_path, laboratory):
    """A Mosquitto with our configuration, but on loopback and without TLS; gives a factory of clients by user."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    port = choose_port()
    (tmp_path / "lab-agents.acl").write_text(mosquitto_access(laboratory))
    (tmp_path / "lab-agents.passwd").write_text("".join(_password_line(u.name) for u in broker_users(laboratory)))
    text = mosquitto_configuration().replace("/etc/mosquitto/lab-agents", f"{tmp_path}/lab-agents")
    text = text.replace("/var/lib/mosquitto/", f"{tmp_path}/").replace("listener 8883", f"listener {port} 127.0.0.1")
    text = "\n".join(line for line in text.splitlines() if not line.startswith(("certfile", "keyfile")))
    (tmp_path / "conf").write_text(f"user {getpass.getuser()}\n{text}\n")
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(program, "-c", str(tmp_path / "conf"), stdout=log, stderr=log)

    @contextlib.asynccontextmanager
    async def client(user):
        async with MqttBus(f"mqtt://{user}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}", f"{user}-1") as bus:
            await eventually(lambda: bus.is_connected)
            yield bus

    yield client
    process.kill()
    await process.wait()


async def test_a_broker_with_the_list_keeps_sources_apart(broker):
    async with broker("recorder") as recorder, broker("line_a") as line_a, broker("people") as people:
        inbox = Inbox()
        await recorder.subscribe(TOPICS.build("submit", source="+"), inbox)
        await line_a.publish(TOPICS.build("submit", source="line_b"), b"forged")
        await people.publish(TOPICS.build("submit", source="line_a"), b"forged")
        await people.publish(TOPICS.build("submit", source="once-1"), b"mine")
        assert (await inbox.next()).payload == b"mine"
        await line_a.publish(TOPICS.build("submit", source="line_a"), b"mine")
        assert (await inbox.next()).payload == b"mine"


async def test_a_broker_with_the_list_lets_only_the_recorder_write_the_log(broker):
    async with broker("recorder") as recorder, broker("line_a") as line_a, broker("planning") as planning:
        inbox = Inbox()
        await planning.subscribe(TOPICS.build("log"), inbox)
        await line_a.publish(TOPICS.build("log"), b"forged")
        await recorder.publish(TOPICS.build("log"), b"entry")
        assert (await inbox.next()).payload == b"entry"
