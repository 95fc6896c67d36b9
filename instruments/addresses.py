"""Addresses of instruments: URLs whose scheme names the protocol on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from instruments.errors import InstrumentError


class AddressError(InstrumentError):
    """A text that is no address of an instrument."""


@dataclass(frozen=True)
class Address:
    """Where an instrument listens: `scheme://host:port/path?query`.

    `path` is without its leading slash: the prefix of Channel Access names, the end of an OPC UA endpoint. Port 0
    means: the port that the simulated laboratory chose.
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        query = "&".join(f"{k}={v}" for k, v in self.query.items())
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{'/' + self.path if self.path else ''}{'?' + query if query else ''}"

    def at_port(self, port: int) -> "Address":
        """The same address at another port."""
        return replace(self, port=port)

    def number(self, name: str, default: int) -> int:
        """The whole number in the query's `name`, or `default` where it is absent.

        Raises:
            AddressError: If it is no whole number.
        """
        text = self.query.get(name, str(default))
        if not text.isdecimal():
            raise AddressError(f"{name} is {text!r} in {self}; write a whole number")
        return int(text)


def parse_address(text: str) -> Address:
    """Read an address.

    Raises:
        AddressError: If scheme, host or port are missing or cannot be meant.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"{text!r} is no address ({error}); write scheme://host:port") from None
    if not parts.scheme or not parts.hostname or port is None or parts.username is not None:
        raise AddressError(f"{text!r} is no address; write scheme://host:port, port 0 for a simulated laboratory")
    query = MappingProxyType(dict(parse_qsl(parts.query)))
    return Address(parts.scheme, parts.hostname, port, parts.path.removeprefix("/"), query)
