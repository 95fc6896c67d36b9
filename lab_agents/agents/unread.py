"""Messages beside the log that nobody can read: kept as blobs, counted, and put before a person by supervision."""

import asyncio
import logging
from collections import deque
from functools import partial

from pydantic import BaseModel, ValidationError

from lab_agents.blobs import Blobs
from lab_agents.bus.protocol import Bus, Message
from lab_agents.errors import BlobError
from lab_agents.messages.frames import Permit, StopRequest
from lab_agents.messages.topics import Topics

BACKLOG = 64 * 1024 * 1024
"""Bytes that may wait for the disk; what comes on top of them is counted and not kept."""
PAUSE = 1.0
"""Wall seconds between two tries of a disk that takes nothing."""
ALSO_HEARD: dict[str, type[BaseModel]] = {"permit": Permit, "stop": StopRequest}
"""Topics that are listened to for this alone, and what stands on them; statuses are heard anyway."""

_LOG = logging.getLogger(__name__)


class Unread:
    """What could not be read since this process began.

    Attributes:
        count: How many messages.
        n_kept: How many of them are blobs.
        topic: Where the last one came from.
        blob: The last one that was kept, or None.
    """

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._waiting: deque[bytes] = deque()
        self._n_bytes = 0
        self._is_more = asyncio.Event()
        self.count = self.n_kept = 0
        self.topic = ""
        self.blob: str | None = None

    async def listen(self, bus: Bus, topics: Topics) -> None:
        """Hear the topics that supervision needs for nothing else."""
        for name, record in ALSO_HEARD.items():
            await bus.subscribe(topics.build(name), partial(self._try, record))

    def take(self, message: Message) -> None:
        """Count a message and let it be kept; never waits."""
        self.count += 1
        self.topic = message.topic
        if self._n_bytes + len(message.payload) <= BACKLOG:
            self._n_bytes += len(message.payload)
            self._waiting.append(message.payload)
            self._is_more.set()

    async def keep(self) -> None:
        """Put on disk what was taken, until cancelled."""
        while True:
            await self._is_more.wait()
            self._is_more.clear()
            while self._waiting:
                try:
                    self.blob = await asyncio.to_thread(self._blobs.put, self._waiting[0])
                except (BlobError, OSError) as error:
                    _LOG.warning("A message that cannot be read waits to be kept: %s", error)
                    await asyncio.sleep(PAUSE)
                    continue
                self._n_bytes -= len(self._waiting.popleft())
                self.n_kept += 1

    def _try(self, record: type[BaseModel], message: Message) -> None:
        if not message.payload:
            return  # a retained message was cleared
        try:
            record.model_validate_json(message.payload)
        except ValidationError:
            self.take(message)
