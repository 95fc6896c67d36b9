"""One channel's deliveries: in order, again until each was taken, many that wait together."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lab_agents.errors import ChannelError
from lab_agents.notify.channels import Channel
from lab_agents.notify.notice import DIGEST_FROM, Notice, digest
from lab_agents.notify.pending import PendingNotices
from lab_agents.threads import Worker

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Wall seconds before a channel that took nothing is tried again: twice as long each time."""
MOURNED = 60.0
"""Wall seconds without taking anything after which the other channels are told of it."""

_LOG = logging.getLogger(__name__)


def wall_now() -> datetime:
    """Wall time."""
    return datetime.now(UTC)


@dataclass
class Delivery:
    """Delivers what waits for one channel.

    Args:
        name: The channel's.
        open_channel: Opens it; tried again like sending, because a secret may be put in place later.
        pending: What waits; used in `worker` only.
        worker: The thread of `pending`.
        on_dead: Told the channel's error once it has taken nothing for `MOURNED`, and None when it takes again.
    """

    name: str
    open_channel: Callable[[], Channel]
    pending: PendingNotices
    worker: Worker
    on_dead: Callable[[str | None], None]
    first_wait: float = FIRST_WAIT
    mourned: float = MOURNED
    _channel: Channel | None = field(default=None, init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _is_dead: bool = field(default=False, init=False)
    _said: str = field(default="", init=False)

    def wake(self) -> None:
        """There may be something new."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        wait = self.first_wait
        while True:
            self._wake.clear()
            if await self.deliver_all():
                wait = self.first_wait
                await self._wake.wait()
            else:
                # What is new meanwhile does not make a dead server answer.
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)

    async def deliver_all(self) -> bool:
        """Deliver all that waits; False as soon as something is not taken."""
        while waiting := await self.worker.run(self.pending.waiting, self.name):
            together = waiting if len(waiting) >= DIGEST_FROM else waiting[:1]
            if not await self._deliver(together):
                return False
        return True

    async def _deliver(self, together: Sequence[tuple[int, Notice]]) -> bool:
        notices = [notice for _, notice in together]
        try:
            said = await asyncio.to_thread(self._send, notices[0] if len(notices) == 1 else digest(notices))
        except ChannelError as error:
            # Opened anew the next time: a secret may have been put right.
            self._channel = None
            await self._mourn(str(error))
            return False
        # A process that dies here delivers the same notice again, under the same id.
        numbers = [number for number, _ in together]
        await self.worker.run(self.pending.taken, self.name, numbers, wall_now())
        if said:
            _LOG.warning("%s: %s", self.name, said)
        if self._is_dead:
            self._is_dead = False
            self.on_dead(None)
        return True

    def _send(self, notice: Notice) -> str:
        if self._channel is None:
            self._channel = self.open_channel()
        return self._channel.send(notice)

    async def _mourn(self, error: str) -> None:
        now = wall_now()
        since = await self.worker.run(self.pending.failed, self.name, error, now)
        if error != self._said:
            self._said = error
            _LOG.warning("%s", error)
        if not self._is_dead and (now - since).total_seconds() >= self.mourned:
            self._is_dead = True
            self.on_dead(error)
