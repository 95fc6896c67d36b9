"""Each import contract is broken once on purpose, and every name in one exists."""

import importlib.util
import tomllib
from pathlib import Path

import grimp
import pytest
from importlinter import configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

configuration.configure()

ROOT = Path(__file__).parents[2]
TYPES = {"layers": LayersContract, "forbidden": ForbiddenContract, "protected": ProtectedContract}
OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in OPTIONS["contracts"]}
OURS = tuple(OPTIONS["root_packages"])

MAY_BE_KNOWN = {"records", "errors", "settings", "tables", "declarations", "clock", "listening"}
"""Modules of lab_agents that planners, instruments and simulators may import."""

NOT_INSTALLED = {"pymatgen"}
"""Names that a contract forbids although nothing here needs them: a later analysis will."""

BREAKS = {
    "layers": ("lab_agents.messages.entry", "lab_agents.bus.mqtt"),
    "records": ("lab_agents.records.base", "lab_agents.errors"),
    "packages": ("instruments.lab", "lab_agents.messages.entry"),
    "planners": ("planners.spaces", "sqlmodel"),
    "instruments": ("instruments.interlocks", "torch"),
    "simulators": ("simulators.floor", "pymatgen"),
    "analysis": ("lab_agents.analysis.kinds", "simulators.floor"),
    "guard": ("lab_agents.children", "bluesky"),
    "behaviours": ("lab_agents.agents.planning", "time"),
    "mqtt": ("lab_agents.recorder", "aiomqtt"),
    "writer": ("lab_agents.agents.agent", "lab_agents.store.writer"),
}
"""One forbidden import for each contract: who would import what."""


def _graph():
    return grimp.build_graph(*OURS, include_external_packages=True, cache_dir=None)


def _is_kept(contract, graph):
    options = {key: value for key, value in contract.items() if key not in ("id", "name", "type")}
    session = {key: value for key, value in OPTIONS.items() if key != "contracts"}
    return TYPES[contract["type"]](contract["name"], session, options).check(graph, verbose=False).kept


def _names(contract):
    for key in ("source_modules", "forbidden_modules", "protected_modules", "allowed_importers"):
        yield from contract.get(key, ())
    for layer in contract.get("layers", ()):
        yield from layer.replace("|", ":").replace(" ", "").split(":")


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_holds_and_catches_a_forbidden_import(name):
    importer, imported = BREAKS[name]
    assert _is_kept(CONTRACTS[name], _graph())
    graph = _graph()
    if imported not in graph.modules:
        graph.add_module(imported, is_squashed=True)
    assert importer in graph.modules
    graph.add_import(importer=importer, imported=imported)
    assert not _is_kept(CONTRACTS[name], graph)


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_name_in_a_contract_exists(name):
    unknown = {word for word in _names(CONTRACTS[name]) if word not in NOT_INSTALLED and not _exists(word)}
    assert unknown == set()


def _exists(name):
    return importlib.util.find_spec(name) is not None


def test_planners_instruments_and_simulators_know_nothing_else_of_ours():
    modules = _graph().find_children("lab_agents")
    expected = {name for name in modules if name.removeprefix("lab_agents.") not in MAY_BE_KNOWN}
    assert set(CONTRACTS["packages"]["forbidden_modules"]) == expected


def test_there_is_a_break_for_every_contract():
    assert set(BREAKS) == set(CONTRACTS)
