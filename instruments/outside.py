"""What of a laboratory can be reached from other machines, and what must stand before it may be."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from lab_agents.declarations import Declaration
from lab_agents.records.laboratory import Laboratory

_MAKE = (
    "Name a folder as `credentials` (its whole path), then make the certificates and secrets in it with: lab-agents "
    "credentials LABFILE, and copy to each machine what is its"
)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens at `host`; a name other than localhost may be anybody."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_secrets(document: Declaration) -> None:
    """Refuse a lab file that holds a password or key: it is copied into the log, and shown in errors.

    Raises:
        DeclarationError: Naming the field, and not its value.
    """
    for where, url in _addresses(document.data):
        if isinstance(url, str) and _has_password(url):
            remedy = f"Take it out; a broker's clients show certificates. {_MAKE}"
            raise document.error("holds a user or password, which does not belong in a file", *where, remedy=remedy)
    guards = document.data.get("guards")
    for machine, guard in guards.items() if isinstance(guards, Mapping) else ():
        if isinstance(guard, Mapping) and "key" in guard:
            what = "holds a key, which does not belong in a file that is copied into the log"
            raise document.error(what, "guards", machine, "key", remedy=_MAKE)


def _addresses(data: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], object]]:
    yield from (((name,), data.get(name)) for name in ("broker", "blobs"))
    instruments = data.get("instruments")
    for name, one in instruments.items() if isinstance(instruments, Mapping) else ():
        if isinstance(one, Mapping):
            yield ("instruments", str(name), "address"), one.get("address")


def _has_password(url: str) -> bool:
    return "@" in url.partition("://")[2].partition("/")[0]


def check_outside(document: Declaration, laboratory: Laboratory) -> None:
    """Refuse a broker or guard beyond loopback without encryption and credentials.

    Raises:
        DeclarationError: With the way to make them.
    """
    url = laboratory.broker
    if url is None and laboratory.starts_broker:
        remedy = "Give the address under which the other machines reach it, as mqtts://HOST:PORT"
        raise document.error("there is no `broker` to start", "starts_broker", remedy=remedy)
    if url is not None:
        parts = urlsplit(url)
        is_safe = parts.scheme == "mqtts" and laboratory.credentials is not None
        if not is_safe and not is_loopback(parts.hostname or ""):
            what = f"{parts.hostname} is not loopback, and a broker beyond it needs mqtts:// and `credentials`"
            raise document.error(what, "broker", remedy=_MAKE)
    for machine, guard in laboratory.guards.items():
        if machine not in laboratory.machines:
            remedy = f"Declared are {', '.join(laboratory.machines)}"
            raise document.error(f"there is no machine {machine!r}", "guards", machine, remedy=remedy)
        if laboratory.credentials is None:
            what = f"{guard.host}:{guard.port} asks for a signed request, and there are no `credentials` to sign with"
            raise document.error(what, "guards", machine, remedy=_MAKE)
