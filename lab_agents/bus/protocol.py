"""The one seam between the agents and whatever carries their bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Message:
    """Bytes that arrived on a topic; `retained` says they were kept by the broker from before."""

    topic: str
    payload: bytes
    retained: bool = False


MAX_PAYLOAD = 512 * 1024
"""Twice the largest page, and half of what the embedded broker carries."""

Receive = Callable[[Message], None]
"""Called in the event loop for each message, in order of arrival; it must not block and must not raise."""


class Bus(Protocol):
    """Carries bytes, at best once, in any order, perhaps never: everything that matters rests on the log instead.

    A bus reconnects by itself for ever (at once, then 0.1-1 s with jitter) and subscribes again. It is an async
    context manager; its last will is given when it is made.
    """

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> bool:
        """Hand bytes to the carrier; False where it is not connected (they are dropped).

        True promises no delivery and False no loss. An empty retained payload clears the topic. A lost connection never
        raises; a topic with a wildcard or white space, or a payload above `MAX_PAYLOAD`, is a `ValueError`.
        """
        ...

    async def subscribe(self, topic_filter: str, receive: Receive) -> None:
        """Call `receive` for every message whose topic matches (`+` one level, `#` the rest), from here on."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether a carrier is reached at this moment."""
        ...
