"""Ways to reach people: found by entry points of the group `lab_agents.channels`, ours and other people's alike."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from lab_agents.errors import ChannelError
from lab_agents.notify.notice import Notice
from lab_agents.records.notification import NotificationChannel

GROUP = "lab_agents.channels"
WITHIN = 10.0
"""Wall seconds that a server may take for any one answer."""


class Channel(Protocol):
    """Delivers notices. Used by one thread at a time."""

    def send(self, notice: Notice) -> str:
        """Deliver, and return once the receiver has taken it. Blocks.

        Returns:
            What else there is to know, or an empty text.

        Raises:
            ChannelError: If it was not taken, or nobody knows; the same notice will come again.
        """
        ...


@dataclass(frozen=True)
class Opening:
    """What a channel is made from: its name, its declaration, address and secret."""

    name: str
    declared: NotificationChannel
    address: str
    secret: str | None


MakeChannel = Callable[[Opening], Channel]


def open_channel(name: str, declared: NotificationChannel, environment: Mapping[str, str] = os.environ) -> Channel:
    """A channel ready to send; nothing is sent yet.

    Raises:
        ChannelError: If no installed package offers the kind, its address or secret is not there, or it refuses its
            declaration.
    """
    offered = entry_points(group=GROUP)
    if declared.kind not in offered.names:
        known = ", ".join(sorted(offered.names))
        raise ChannelError(f"notifications.{name}: there is no kind {declared.kind!r}; installed are {known}.")
    address = declared.address or _variable(name, declared.address_env or "", "address_env", environment)
    make: MakeChannel = offered[declared.kind].load()
    return make(Opening(name, declared, address, _find_secret(name, declared, environment)))


def _find_secret(name: str, declared: NotificationChannel, environment: Mapping[str, str]) -> str | None:
    if declared.secret_env is not None:
        return _variable(name, declared.secret_env, "secret_env", environment)
    if declared.secret_file is None:
        return None
    try:
        secret = Path(declared.secret_file).read_text().strip()
    except OSError as error:
        raise ChannelError(f"notifications.{name}: secret_file cannot be read: {error}.") from error
    if not secret:
        raise ChannelError(f"notifications.{name}: secret_file {declared.secret_file} is empty.")
    return secret


def _variable(name: str, variable: str, what: str, environment: Mapping[str, str]) -> str:
    value = environment.get(variable, "")
    if not value:
        raise ChannelError(f"notifications.{name}: {what} names {variable}, which is not set where this was started.")
    return value
