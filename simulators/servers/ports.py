"""Ports on loopback."""

import contextlib
import secrets
import socket

CHOSEN = range(20_000, 32_768)
"""Below the ports that systems give by themselves: Linux from 32768 on (ip_local_port_range), others from 49152 on."""


def free_port(*, datagrams: bool = False) -> int:
    """A port of 127.0.0.1 on which nobody listens, for streams and, if asked, for datagrams too.

    For servers that must know their port before they listen, because they tell it to their clients. It is none of those
    that a system gives by itself: somebody else's connection would have it before the server listens.
    """
    while True:
        port = secrets.choice(CHOSEN)
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM) if datagrams else (socket.SOCK_STREAM,):
                probes.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
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
