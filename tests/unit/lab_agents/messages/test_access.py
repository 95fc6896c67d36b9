"""The access list as text; a real broker is tried with it in tests/integration/test_broker_attacks.py."""

from pathlib import Path

import pytest

from instruments.lab import read_laboratory
from lab_agents.messages.access import broker_users, mosquitto_access, mosquitto_configuration
from lab_agents.messages.topics import TABLE, Topics

LAB_FILE = Path(__file__).parents[4] / "deployment" / "labs" / "opv_replay.yaml"
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


def test_the_configuration_lets_nobody_in_without_a_certificate():
    text = mosquitto_configuration()
    assert "allow_anonymous false" in text
    assert "require_certificate true\nuse_identity_as_username true" in text
    assert "password_file" not in text
