"""Ports on loopback."""

import socket

import pytest

from simulators.servers.ports import check_free, free_port


def test_a_free_port_can_be_listened_on_and_is_then_taken() -> None:
    """For streams and datagrams."""
    port = free_port(datagrams=True)
    check_free(port)
    with socket.create_server(("127.0.0.1", port)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.bind(("127.0.0.1", port))
        with pytest.raises(OSError, match="in use"):
            check_free(port)
