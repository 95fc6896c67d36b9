"""Lab files are read whole, or refused with file, line, value and remedy."""

import subprocess
import sys
from pathlib import Path

import pytest

from instruments.lab import find_laboratory, read_laboratory, resolve_addresses
from lab_agents.errors import DeclarationError
from tests.simulated_world import LAB_FILE

TEXT = LAB_FILE.read_text()


def test_every_lab_that_comes_with_the_package_is_read():
    for path in LAB_FILE.parent.glob("*.yaml"):
        lab = read_laboratory(path)
        assert lab.name == path.stem
        assert find_laboratory(lab.name, Path("/nowhere")) == path


def test_agents_that_every_lab_needs_are_added_under_the_names_of_their_roles():
    lab = read_laboratory(LAB_FILE)
    for role in ("planning", "analysis", "training", "supervision", "person"):
        assert lab.agents_of(role) == (role,)
        assert lab.agents[role].machine == "main"


def test_a_real_laboratory_gets_no_simulated_person(tmp_path):
    path = tmp_path / "real.yaml"
    path.write_text("".join(line for line in TEXT.splitlines(True) if not line.startswith("simulation")))
    assert read_laboratory(path).agents_of("person") == ()


def test_an_agent_that_is_declared_is_not_added_again(tmp_path):
    path = tmp_path / "lab.yaml"
    path.write_text(TEXT.replace("agents:\n", "agents:\n  thinker: {role: planning}\n"))
    assert read_laboratory(path).agents_of("planning") == ("thinker",)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("unit: µL}}\n    safe", "unit: mL}}\n    safe", "is 'mL'; volume is set in µL. Convert the limits to µL"),
        ("driver: modbus_coater", "driver: modbus_toaster", "There is no instrument driver modbus_toaster"),
        ("address: scpi://127.0.0.1:0", "address: scpi://127.0.0.1", "is no address"),
        ("address: scpi://", "address: modbus://", "scpi_tester does not speak modbus. Write scpi://host:port"),
        ("?unit=1", "?unit=one", "unit is 'one'"),
        ("limits: {exposure:", "limits: {voltage:", "there is no limit for exposure"),
        ("signal: LAMP", "signal: LIGHT", "scpi_tester has no signal 'LIGHT'. Known are LAMP, STAT"),
        ("lower: 60.0", "lower: .nan", "Only finite numbers"),
        ("lower: 60.0", "lower: low", "is 'low'"),
        ("lower: 60.0", "lower: 40000.0", "lower 40000.0 is above upper 36000.0"),
        ("driver: scpi_tester", "driver: scpi_tester\n    settings: {telemetry: fast}", "is 'fast'. Give the seconds"),
        ("driver: scpi_tester", "driver: scpi_tester\n    settings: {telemetry: 0.01}", "0.2 or more, or 0 for none"),
        ("racks:", "shelves:", "there is no field 'shelves'. Did you mean"),
        ("instruments: [robot]", "instruments: [robot, tester]", "tester has two owners"),
        ("tester: {role: char", "planning: {role: char", "is the name of the planning agent"),
        ("simulation:", "interlocks: {forbidden_pairs: [{one: PCE10, other: Pt, because: fire}]}\nsimulation:",
         "no channel or stock carries 'Pt'"),
        ("simulation:", "interlocks: {exclusive: [{instruments: [coater_a, robot], because: arm}]}\nsimulation:",
         "an exclusive group has several owners"),
        ("simulation:", "interlocks: {only_when: [{instrument: coater_a, reads: door, signal: s, lower: 1.0, "
         "upper: 1.0, because: door}]}\nsimulation:", "there is no instrument 'door'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(tmp_path, old, new, what):
    path = tmp_path / "lab.yaml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(DeclarationError) as refused:
        read_laboratory(path)
    assert what in str(refused.value)
    assert str(path) in str(refused.value)
    assert refused.value.line is not None


def test_an_unknown_lab_is_refused_with_the_names_of_those_that_exist(tmp_path):
    with pytest.raises(DeclarationError, match=r"Known are .*opv_replay"):
        find_laboratory("opv", tmp_path)
    with pytest.raises(DeclarationError, match="no such lab file"):
        find_laboratory("my/lab.yaml", tmp_path)
    (tmp_path / "mine.yaml").write_text(TEXT)
    assert find_laboratory("mine.yaml", tmp_path) == tmp_path / "mine.yaml"


def _addresses():
    chosen = {name: declaration.address for name, declaration in read_laboratory(LAB_FILE).instruments.items()}
    return {name: address.replace(":0", ":4711", 1) for name, address in chosen.items()}


def test_port_zero_is_replaced_by_what_the_simulated_laboratory_chose():
    lab = resolve_addresses(read_laboratory(LAB_FILE), _addresses())
    assert lab.instruments["dispenser_b"].address == "ca://127.0.0.1:4711/LABB:DISP:"


def test_a_real_address_is_kept(tmp_path):
    path = tmp_path / "lab.yaml"
    path.write_text(TEXT.replace("scpi://127.0.0.1:0", "scpi://10.0.0.9:5025"))
    assert (
        resolve_addresses(read_laboratory(path), _addresses()).instruments["tester"].address == "scpi://10.0.0.9:5025"
    )


@pytest.mark.parametrize("change", [None, "scpi://127.0.0.1:0", "modbus://127.0.0.1:9"])
def test_an_address_that_is_missing_or_of_another_protocol_is_refused(change):
    addresses = {**_addresses(), "tester": change}
    if change is None:
        del addresses["tester"]
    with pytest.raises(DeclarationError, match=r"instruments\.tester\.address"):
        resolve_addresses(read_laboratory(LAB_FILE), addresses)


@pytest.mark.parametrize("hours", ["soon", "-1.0"])
def test_hours_that_tickets_may_wait_are_a_number(tmp_path, hours):
    """They are read again at each start from the log, where nobody could mend them."""
    text = LAB_FILE.read_text().replace(
        "agents:\n", f"agents:\n  supervision: {{role: supervision, settings: {{ticket_hours: {hours}}}}}\n", 1
    )
    path = tmp_path / "lab.yaml"
    path.write_text(text)
    with pytest.raises(
        DeclarationError, match=r"agents\.supervision\.settings\.ticket_hours.*Give a number, 0 or more"
    ):
        read_laboratory(path)
    path.write_text(text.replace(f"ticket_hours: {hours}", "ticket_hours: 8"))
    assert read_laboratory(path).agents["supervision"].settings["ticket_hours"] == 8


def test_reading_a_lab_loads_neither_bluesky_nor_a_client():
    heavy = ["bluesky", "ophyd", "ophyd_async", "numpy", "pymodbus", "asyncua", "pyvisa", "epics", "torch"]
    light = "instruments.lab, instruments.interlocks, instruments.transports, instruments.errors, instruments.protocols"
    program = f"import sys, {light}\nprint([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_laboratory_may_be_like_another_but_for_what_it_says(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text("name: odd\nlike: opv_replay\nsimulation: {world: replay, seed: 99}\n")
    odd, usual = read_laboratory(path), read_laboratory(find_laboratory("opv_replay", Path()))
    assert (odd.name, odd.simulation.seed) == ("odd", 99)
    assert odd.instruments == usual.instruments
    path.write_text("name: odd\nlike: ./mine.yaml\n")
    with pytest.raises(DeclarationError, match="Name a laboratory that comes with the package"):
        read_laboratory(path)
    path.write_text("name: odd\nlike: thin_film_bad_day\n")
    with pytest.raises(DeclarationError, match="is itself like another one"):
        read_laboratory(path)
