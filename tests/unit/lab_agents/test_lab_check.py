"""Checking a laboratory: its file, its ports, and what its instruments answer."""

import socket
from pathlib import Path

import pytest
import yaml

from instruments.lab import resolve_addresses
from lab_agents.errors import DeclarationError
from lab_agents.lab_check import channel_access_environment, check_instruments, check_laboratory
from lab_agents.records.laboratory import Limit
from simulators.lab import SimulatedLab
from tests.simulated_world import TABLE, laboratory

LABS = Path(__file__).parents[3] / "deployment" / "labs"


def write(folder, change):
    """The shipped lab file with something changed."""
    declared = yaml.safe_load((LABS / "opv_replay.yaml").read_text())
    change(declared)
    path = folder / "lab.yaml"
    path.write_text(yaml.safe_dump(declared, allow_unicode=True))
    return str(path)


def problems(report):
    return {i.instrument: i.problems for i in report.instruments if i.problems}


@pytest.fixture
def taken_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_the_shipped_laboratory_is_good():
    report = check_laboratory("opv_replay")
    assert report.is_good
    assert (report.n_agents, report.n_places, report.is_simulated) == (9, 99, True)
    assert "good  tester" in report.to_text()


def test_the_report_says_what_follows_the_failure_of_each_kind_of_task_and_who_said_so(tmp_path):
    def change(lab):
        lab["on_failure"] = {"coat": {"action": "ask"}}

    text = check_laboratory(write(tmp_path, change)).to_text()
    assert "coat fails: a person is asked (declared)" in text
    assert "transfer fails: tried again up to 5 times after 30 s, then the sample is quarantined (usual)" in text


def test_channels_are_looked_at_and_nothing_is_sent(tmp_path):
    def change(lab):
        lab["notifications"] = {
            "phone": {"kind": "webhook", "address": "https://127.0.0.1:9/x", "about": ["stops"]},
            "office": {"kind": "email", "address": "smtp://127.0.0.1", "to": ["ada@example.org"]},
        }

    report = check_laboratory(write(tmp_path, change))
    assert not report.is_good
    assert "good  phone (webhook) tells of stops" in report.to_text()
    assert "MEND  office (email)" in report.to_text()
    assert "e-mail needs `sender`" in report.to_text()


def test_a_taken_port_of_a_simulated_instrument_is_found(tmp_path, taken_port):
    def change(lab):
        lab["instruments"]["tester"]["address"] = f"scpi://127.0.0.1:{taken_port}"

    report = check_laboratory(write(tmp_path, change))
    assert f"port {taken_port} is taken" in problems(report)["tester"][0]
    assert "MEND  tester" in report.to_text()


def test_a_real_instrument_that_does_not_answer_is_found(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def change(lab):
        del lab["simulation"]
        for name, instrument in lab["instruments"].items():
            if name != "tester":
                instrument["address"] = instrument["address"].replace(":0", ":1")
        lab["instruments"] = {"tester": lab["instruments"]["tester"] | {"address": f"scpi://127.0.0.1:{port}"}}
        for agent in lab["agents"].values():
            agent["instruments"] = [i for i in agent["instruments"] if i == "tester"]

    found = problems(check_laboratory(write(tmp_path, change)))
    assert "Switch it on" in found["tester"][0]


def test_an_instrument_without_a_safe_state_is_noted(tmp_path):
    def change(lab):
        del lab["instruments"]["robot"]["safe_state"]

    report = check_laboratory(write(tmp_path, change))
    notes = next(i.notes for i in report.instruments if i.instrument == "robot")
    assert any("no safe state" in n for n in notes)
    assert report.is_good


async def test_instruments_that_answer_are_compared_with_their_limits(tmp_path):
    lab = SimulatedLab(laboratory(), TABLE, tmp_path / "simulator", None, None)
    await lab.start()
    try:
        located = resolve_addresses(laboratory(), lab.addresses)
        # Channel Access is found through the environment, which a process reads once.
        spoken = {n: i for n, i in located.instruments.items() if not i.address.startswith("ca:")}
        real = located.model_copy(update={"simulation": None, "instruments": spoken})
        good = await check_instruments(real)
        wide = real.instruments["dispenser_a"].model_copy(
            update={"limits": {"volume": Limit(lower=0.0, upper=500.0, unit="µL")}}
        )
        changed = real.model_copy(update={"instruments": {**real.instruments, "dispenser_a": wide}})
        bad = await check_instruments(changed)
    finally:
        await lab.close()
    assert [i.problems for i in good] == [()] * 5
    found = next(i.problems for i in bad if i.instrument == "dispenser_a")
    assert found == ("the hardware limits volume to 0.0 to 100.0, the lab file to 0 to 500: make them agree",)


def test_channel_access_servers_are_named_to_their_client():
    simulated = laboratory()
    assert channel_access_environment(simulated) == {}
    dispenser = simulated.instruments["dispenser_b"].model_copy(update={"address": "ca://10.0.0.7:5064/LABB:DISP:"})
    real = simulated.model_copy(update={"instruments": {**simulated.instruments, "dispenser_b": dispenser}})
    assert channel_access_environment(real) == {
        "EPICS_CA_ADDR_LIST": "10.0.0.7:5064",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lab: lab["instruments"]["tester"].update(driver="psychic_tester"), "psychic_tester"),
        (lambda lab: lab["instruments"]["tester"].update(address="modbus://127.0.0.1:0"), "scpi"),
        (lambda lab: lab["instruments"]["tester"]["limits"]["exposure"].update(unit="h"), "'h'"),
        (lambda lab: lab["agents"]["line_a"].update(instruments=[]), "instruments without an agent"),
        (lambda lab: lab.update(nmae="x"), "nmae"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path, change, words):
    with pytest.raises(DeclarationError, match=words):
        check_laboratory(write(tmp_path, change))
