"""Channel Access searches where it is told, and nowhere else."""

import os

from instruments.addresses import parse_address
from instruments.transports.ca_search import search_at, search_only

ONE, OTHER = parse_address("ca://127.0.0.1:5064/A:"), parse_address("ca://127.0.0.1:6064/B:")


def test_each_server_is_added_once(monkeypatch):
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", "10.0.0.1:5064")
    monkeypatch.setenv("EPICS_CA_AUTO_ADDR_LIST", "YES")
    for address in (ONE, OTHER, ONE):
        search_at(address)
    assert os.environ["EPICS_CA_ADDR_LIST"] == "10.0.0.1:5064 127.0.0.1:5064 127.0.0.1:6064"
    assert os.environ["EPICS_CA_AUTO_ADDR_LIST"] == "NO"


def test_a_context_of_its_own_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", "10.0.0.1:5064")
    monkeypatch.delenv("EPICS_CA_AUTO_ADDR_LIST", raising=False)
    with search_only(ONE):
        assert os.environ["EPICS_CA_ADDR_LIST"] == "127.0.0.1:5064"
        assert os.environ["EPICS_CA_AUTO_ADDR_LIST"] == "NO"
    assert os.environ["EPICS_CA_ADDR_LIST"] == "10.0.0.1:5064"
    assert "EPICS_CA_AUTO_ADDR_LIST" not in os.environ
