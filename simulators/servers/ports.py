"""Ports on loopback."""

import contextlib
import socket


def free_port(*, datagrams: bool = False) -> int:
    """A port of 127.0.0.1 on which nobody listens, for streams and, if asked, for datagrams too.

    For servers that must know their port before they listen, because they tell it to their clients.
    """
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
            stream.bind(("127.0.0.1", 0))
            port: int = stream.getsockname()[1]
            if not datagrams:
                return port
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram, contextlib.suppress(OSError):
                datagram.bind(("127.0.0.1", port))
                return port


def check_free(port: int) -> None:
    """Refuse a port on which somebody listens.

    Raises:
        OSError: If it is taken.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
        # As the servers do: a port whose last connections still linger is not taken.
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stream.bind(("127.0.0.1", port))
