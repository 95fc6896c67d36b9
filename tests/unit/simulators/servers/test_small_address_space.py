"""The part of OPC UA's standard address space that the robot's server holds."""

import pytest
from asyncua import Server, ua

from simulators.servers.small_address_space import NEWEST, SmallInternalServer


@pytest.fixture
async def server() -> Server:
    """A server that does not listen."""
    small = Server(SmallInternalServer())
    await small.init()
    yield small
    await small.iserver.stop()


async def test_no_reference_points_at_a_node_that_is_not_there(server) -> None:
    """A client that browses from the root finds every node it is told of."""
    seen, waiting = set(), [server.get_root_node()]
    while waiting:
        node = waiting.pop()
        if node.nodeid in seen:
            continue
        seen.add(node.nodeid)
        await node.read_browse_name()
        waiting += await node.get_children()
    assert len(seen) > 1000


async def test_it_keeps_what_plain_variables_and_methods_need(server) -> None:
    """Base types, the Server object, its namespaces."""
    ids = ua.ObjectIds
    for number in (ids.BaseDataVariableType, ids.BaseObjectType, ids.Int64, ids.HasComponent, ids.Server, ids.Argument):
        assert number <= NEWEST
        await server.get_node(ua.NodeId(ua.Int32(number))).read_browse_name()
    assert await server.get_namespace_array()


async def test_a_server_changes_no_node_of_another(server) -> None:
    """The nodes are made once for a process; each server has values, references and methods of its own."""
    other = Server(SmallInternalServer())
    await other.init()
    for one, name in ((server, "a"), (other, "b")):
        await one.register_namespace(name)
        await one.nodes.objects.add_object(2, name)
        await one.get_node(ua.NodeId(ua.Int32(ua.ObjectIds.Server))).write_attribute(
            ua.AttributeIds.DisplayName, ua.DataValue(ua.Variant(ua.LocalizedText(name), ua.VariantType.LocalizedText))
        )
    for one, name in ((server, "a"), (other, "b")):
        assert (await one.get_namespace_array())[-1] == name
        names = {reference.DisplayName.Text for reference in await one.nodes.objects.get_references()}
        assert {"a", "b"} & names == {name}
    await other.iserver.stop()


async def test_a_server_that_stops_leaves_no_task_behind() -> None:
    """Also not the one that shows the time each second: whoever closes a laboratory does not wait for it."""
    small = Server(SmallInternalServer())
    await small.init()
    await small.iserver.start()
    showing = small.iserver.time_task
    await small.iserver.stop()
    assert showing is not None
    assert showing.cancelled()
