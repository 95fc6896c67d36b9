"""What a lab file may say of what other machines reach."""

from pathlib import Path

import pytest
import yaml

from instruments.lab import read_laboratory
from instruments.outside import is_loopback
from lab_agents.errors import DeclarationError

SHIPPED = Path(__file__).parents[3] / "deployment" / "labs" / "opv_replay.yaml"


def read(folder, **changes):
    """The shipped laboratory with some fields of its own."""
    path = folder / "lab.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(SHIPPED.read_text()) | changes))
    return read_laboratory(path)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("10.0.0.1", False), ("lab", False)],
)
def test_loopback_is_what_only_this_machine_reaches(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize("url", ["mqtt://lab-pc:1883", "mqtts://lab-pc:8883", "mqtt://10.0.0.1"])
def test_a_broker_beyond_loopback_is_refused_without_encryption_and_credentials(tmp_path, url):
    with pytest.raises(DeclarationError, match=r"not loopback.*lab-agents credentials LABFILE"):
        read(tmp_path, broker=url)


def test_credentials_without_encryption_do_not_suffice(tmp_path):
    with pytest.raises(DeclarationError, match="needs mqtts"):
        read(tmp_path, broker="mqtt://lab-pc", credentials="/etc/lab")


def test_a_broker_with_both_is_taken_and_so_is_one_on_loopback_without(tmp_path):
    assert read(tmp_path, broker="mqtts://lab-pc:8883", credentials="/etc/lab", starts_broker=True).starts_broker
    assert read(tmp_path, broker="mqtt://127.0.0.1:1883").credentials is None


def test_a_broker_to_start_has_an_address(tmp_path):
    with pytest.raises(DeclarationError, match="no `broker` to start"):
        read(tmp_path, starts_broker=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"broker": "mqtts://planning:hunter2hunter2hunter2@lab-pc"},
        {"blobs": "s3://key:hunter2hunter2hunter2@bucket/x"},
        {"guards": {"main": {"host": "10.0.0.1", "port": 4000, "key": "hunter2hunter2hunter2"}}},
    ],
)
def test_a_secret_in_a_lab_file_is_refused_and_not_repeated(tmp_path, changes):
    with pytest.raises(DeclarationError, match="does not belong in a file") as refused:
        read(tmp_path, **changes)
    assert "hunter2" not in str(refused.value)


def test_a_password_of_an_instrument_is_refused(tmp_path):
    instruments = yaml.safe_load(SHIPPED.read_text())["instruments"]
    instruments["robot"]["address"] = "opc.tcp://user:hunter2@10.0.0.1:4840/"
    with pytest.raises(DeclarationError, match="does not belong in a file"):
        read(tmp_path, instruments=instruments)


def test_a_guard_that_is_asked_from_afar_needs_a_secret_and_a_machine(tmp_path):
    address = {"host": "10.0.0.1", "port": 4000}
    with pytest.raises(DeclarationError, match="no `credentials` to sign with"):
        read(tmp_path, guards={"main": address})
    with pytest.raises(DeclarationError, match="there is no machine 'attic'"):
        read(tmp_path, guards={"attic": address}, credentials="/etc/lab")
    assert read(tmp_path, guards={"main": address}, credentials="/etc/lab").guards["main"].key is None
