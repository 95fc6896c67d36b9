import json
from dataclasses import replace

import pytest

from instruments.lab import read_laboratory
from lab_agents.child import Spawn
from lab_agents.children import COMPUTING, GIVE_BACK, Household, assembly
from lab_agents.records.notification import NotificationChannel
from lab_agents.settings import Settings
from lab_agents.state_folder import StateFolder
from tests.simulated_world import LAB_FILE


@pytest.fixture
def household(tmp_path):
    folder = StateFolder.create(tmp_path, "opv_replay", LAB_FILE.read_bytes())
    return Household(read_laboratory(folder.lab_file), "main", folder, assembly(folder), 1883, 5065)


def listening(household):
    """The addresses that a simulated laboratory has written."""
    declared = household.laboratory.instruments.items()
    ports = {name: d.address.replace(":0", f":{4000 + i}") for i, (name, d) in enumerate(declared)}
    household.folder.addresses.write_text(json.dumps(ports))
    return ports


def test_a_machine_has_what_its_lab_file_declares_and_what_carries_it(household):
    plans = {plan.name: plan for plan in household.plans()}
    assert list(plans)[:3] == ["broker", "simulator", "recorder"]
    assert list(plans)[3:7] == ["line_a", "line_b", "robot", "tester"], "what imports most starts first"
    assert set(list(plans)[7:]) == {"planning", "analysis", "training", "supervision", "person", "compute_1"}
    assert plans["line_b"].instruments == ("dispenser_b", "coater_b")
    assert plans["simulator"].is_detached
    assert not plans["broker"].beats


def test_whoever_tells_people_is_there_where_they_are_to_be_told_and_outlives_the_guard(household):
    assert "notifier" not in {plan.name for plan in household.plans()}
    phone = NotificationChannel(kind="webhook", address="https://127.0.0.1/x")
    laboratory = household.laboratory.model_copy(update={"notifications": {"phone": phone}})
    plans = {plan.name: plan for plan in replace(household, laboratory=laboratory).plans()}
    assert (plans["notifier"].is_detached, plans["notifier"].instruments) == (True, ())
    assert plans["notifier"].lock != plans["simulator"].lock


def test_a_command_line_names_role_state_epoch_and_pipes(household):
    plan = next(plan for plan in household.plans() if plan.name == "line_a")
    state = str(household.folder.path)
    assert plan.command(Spawn(7, 4, 5))[2:] == [
        "lab_agents.starting", "synthesis", "line_a", "--state", state, "--epoch", "7", "--up", "4", "--down", "5",
    ]  # fmt: skip


def test_another_machine_has_its_own_agents_only(household):
    agents = dict(household.laboratory.agents)
    agents["tester"] = agents["tester"].model_copy(update={"machine": "annex"})
    two = household.laboratory.model_copy(update={"machines": ("main", "annex"), "agents": agents})
    annex = Household(two, "annex", household.folder, household.program, None, 5065)
    assert [plan.name for plan in annex.plans()] == ["tester"]
    assert annex.instruments == ("tester",)


def test_a_broker_that_somebody_else_runs_is_not_started(household):
    other = Household(household.laboratory, "main", household.folder, household.program, None, 5065)
    assert "broker" not in {plan.name for plan in other.plans()}


def test_as_many_workers_compute_as_the_settings_say(household):
    settings = Settings(compute_workers=3)
    more = Household(household.laboratory, "main", household.folder, household.program, 1883, 5065, settings)
    assert [plan.name for plan in more.plans() if plan.role == "compute"] == ["compute_1", "compute_2", "compute_3"]


def test_what_only_computes_goes_behind_whoever_must_answer_in_time(household):
    nice = {plan.role: plan.niceness for plan in household.plans() if plan.niceness}
    assert nice == {"compute": COMPUTING}


def test_only_channel_access_waits_for_addresses(household):
    assert household.addresses() is None
    assert household.is_ready_for(("dispenser_a", "coater_a"))
    assert not household.is_ready_for(("dispenser_b", "coater_b"))
    ports = listening(household)
    assert household.is_ready_for(("dispenser_b", "coater_b"))
    assert household.addresses() == ports


def test_a_child_with_channel_access_gets_the_environment_it_needs_and_no_other(household):
    ports = listening(household)
    plans = {plan.name: plan for plan in household.plans()}
    port = ports["dispenser_b"].split(":")[2].split("/")[0]
    assert plans["line_b"].environment() == GIVE_BACK | {
        "EPICS_CA_ADDR_LIST": f"127.0.0.1:{port}",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CA_REPEATER_PORT": "5065",
    }
    assert plans["line_a"].environment() == GIVE_BACK
