"""Where Channel Access searches: its client library reads a list of servers from the environment, once a context."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from instruments.addresses import Address

_LIST, _BROADCAST = "EPICS_CA_ADDR_LIST", "EPICS_CA_AUTO_ADDR_LIST"

_environment = threading.Lock()


def search_at(address: Address) -> None:
    """Let contexts made from here on search at `address` too, and broadcast to nobody.

    Two simulated servers on default ports would hide one another, so every server is searched at its own port.
    """
    with _environment:
        servers = os.environ.get(_LIST, "").split()
        server = f"{address.host}:{address.port}"
        if server not in servers:
            os.environ[_LIST] = " ".join((*servers, server))
        os.environ[_BROADCAST] = "NO"


@contextmanager
def search_only(address: Address) -> Iterator[None]:
    """Let a context made inside search at `address` alone; the environment is as before afterwards."""
    with _environment:
        before = {name: os.environ.get(name) for name in (_LIST, _BROADCAST)}
        os.environ.update({_LIST: f"{address.host}:{address.port}", _BROADCAST: "NO"})
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
