"""OPC UA's standard address space without its newer parts: a third of the memory, a quarter of the time to start."""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from copy import copy
from functools import cache
from pathlib import Path

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData, NodeManagementService
from asyncua.server.internal_server import InternalServer
from asyncua.server.standard_address_space.standard_address_space_services import (
    create_standard_address_space_Services as make_standard_nodes,
)

NEWEST = 12_000
"""Numeric ids are given out in order of time. Up to here stand the base types, the Server object and all that plain
variables and methods need; above it publish-subscribe, dictionaries, certificate management. All 6,200 nodes cost 40 MB
and 1.5 s, these 1,800 cost 11 MB and 0.4 s (measured on two shared cores), once for all servers of a process."""

_PASSES = 3
"""Nodes are listed before some of their parents, never more than two generations deep."""


class SmallInternalServer(InternalServer):
    """asyncua's server state with a part of the standard address space."""

    async def load_standard_address_space(self, shelf_file: Path | None = None) -> None:
        """Make the older nodes; no shelf is read or written."""
        await asyncio.to_thread(_fill, self.aspace)

    async def stop(self) -> None:
        """End the loop that shows the time, which would sleep out its second first, then all the rest."""
        if self.time_task is not None:
            self.time_task.cancel()
            await asyncio.gather(self.time_task, return_exceptions=True)
            self.time_task = None
        await super().stop()


class _OlderNodes:
    """Takes what the standard lists, keeps what is old enough, and retries what came before its parent."""

    def __init__(self, service: NodeManagementService) -> None:
        self._service = service
        self._nodes: list[ua.AddNodesItem] = []
        self._references: list[ua.AddReferencesItem] = []

    def add_nodes(self, nodes: Iterable[ua.AddNodesItem]) -> None:
        """Called by the list."""
        older = [node for node in nodes if _is_older(node.RequestedNewNodeId)]
        self._nodes.extend(self._service.try_add_nodes(older, check=False))

    def add_references(self, references: Iterable[ua.AddReferencesItem]) -> None:
        """Called by the list."""
        older = [r for r in references if _is_older(r.SourceNodeId) and _is_older(r.TargetNodeId)]
        self._references.extend(self._service.try_add_references(older))

    def finish(self) -> None:
        """Add what had to wait. What is left then hangs below a newer node, and is newer in meaning too."""
        for _ in range(_PASSES):
            waiting: Sequence[ua.AddNodesItem] = self._nodes
            self._nodes = list(self._service.try_add_nodes(list(waiting), check=False))
        list(self._service.try_add_references(self._references))


_making = threading.Lock()
"""Servers fill their spaces in threads, several at once; one makes the nodes, the others wait for them."""


def _fill(space: AddressSpace) -> None:
    with _making:
        nodes = _standard_nodes()
    for node in nodes:
        space[node.nodeid] = _copy(node)


@cache
def _standard_nodes() -> tuple[NodeData, ...]:
    """The nodes as no server has touched them."""
    space = AddressSpace()
    older = _OlderNodes(NodeManagementService(space))
    make_standard_nodes(older)  # type: ignore[no-untyped-call]
    older.finish()
    return tuple(space[key] for key in space.keys())  # noqa: SIM118 - it is no mapping


def _copy(node: NodeData) -> NodeData:
    """A node of its own; values are shared, because a server replaces them and never changes one."""
    copied = NodeData(node.nodeid)
    for name, attribute in node.attributes.items():
        if attribute.value is not None:
            copied.attributes[name] = AttributeValue(attribute.value)
    copied.references = [copy(reference) for reference in node.references]
    return copied


def _is_older(node: ua.NodeId) -> bool:
    return isinstance(node.Identifier, int) and node.Identifier <= NEWEST
