"""The notifier: reads the log, the guards' reports and the bus, and tells people by their channels, at least once.

Nobody waits for it, and of what it writes others read only how its channels stand. It goes on where its guard, the
broker or the recorder is dead: just then it is needed.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from pydantic import ValidationError

from lab_agents.bus.protocol import Bus, Message
from lab_agents.messages.frames import GuardStatus
from lab_agents.notify.channels import Channel, open_channel
from lab_agents.notify.delivery import MOURNED, Delivery, wall_now
from lab_agents.notify.notice import Notice, make_notice
from lab_agents.notify.pending import PendingNotices
from lab_agents.notify.silence import SilenceWatch
from lab_agents.notify.sources import LogSource, StopSource
from lab_agents.notify.telling import tell_guard
from lab_agents.process_place import Place
from lab_agents.records.notification import NotificationChannel
from lab_agents.threads import OwnThread, Worker

LOOK: Final = 1.0
"""Wall seconds between two looks at the log, the reports of stops, and who is silent."""
LAST_WORDS: Final = 5.0
"""Wall seconds for what waits when the laboratory is put to rest; what is left then waits for the next start."""
MOST_STATUS: Final = 65_536
"""Bytes of the largest status that is read."""


class Notifier:
    """One laboratory's.

    Args:
        place: Where it stands.
        bus: Its bus, entered; it only listens.
        pending: What waits; closed at the end.
        open_: Opens a channel by its name and declaration.
        look: Wall seconds between two looks.
        worker: The thread of `pending` and of what is read; one of its own if not given. Closed at the end.
    """

    def __init__(
        self,
        place: Place,
        bus: Bus,
        pending: PendingNotices,
        open_: Callable[[str, NotificationChannel], Channel] = open_channel,
        look: float = LOOK,
        worker: Worker | None = None,
    ) -> None:
        self._place, self._bus, self._look = place, bus, look
        self._lab, self._state = place.laboratory.name, str(place.folder.path)
        self._about = {name: declared.about for name, declared in place.laboratory.notifications.items()}
        self._worker: Worker = worker or OwnThread("notices")
        self._pending = pending
        self._log = LogSource(place.folder, self._lab)
        self._stops = StopSource(place.folder, self._lab, place.laboratory.machines)
        self._deliveries = {name: self._delivery(name, open_) for name in self._about}
        # What was heard and is not on disk yet, each with the channel that is not told of it.
        self._heard: list[tuple[Notice, str | None]] = []
        self._wake = asyncio.Event()

    def _delivery(self, name: str, open_: Callable[[str, NotificationChannel], Channel]) -> Delivery:
        declared = self._place.laboratory.notifications[name]
        opening = partial(open_, name, declared)
        return Delivery(name, opening, self._pending, self._worker, partial(self._mourn, name), mourned=MOURNED)

    async def run(self) -> None:
        """Tell people until cancelled; then say what is left to say, as far as time allows."""
        watch = SilenceWatch(self._lab, self._expected(), asyncio.get_running_loop().time())
        try:
            await self._listen(watch)
            async with asyncio.TaskGroup() as group:
                for delivery in self._deliveries.values():
                    group.create_task(delivery.run())
                group.create_task(self._watch(watch))
        except asyncio.CancelledError:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS):
                    await self._keep()
                    await asyncio.gather(*(delivery.deliver_all() for delivery in self._deliveries.values()))
            raise
        finally:
            await self._worker.run(self._close)
            await asyncio.to_thread(self._worker.close)

    def _close(self) -> None:
        self._log.close()
        self._pending.close()

    # What is heard.

    def _expected(self) -> list[str]:
        laboratory = self._place.laboratory
        return [RECORDER, *laboratory.agents_of("supervision"), *(map(_guard_of, laboratory.machines))]

    async def _listen(self, watch: SilenceWatch) -> None:
        topics, loop = self._place.topics, asyncio.get_running_loop()

        def hear(name: str, message: Message) -> None:
            if not message.retained:
                watch.hear(name, loop.time())

        def hear_guard(message: Message) -> None:
            status = _status_in(message)
            if status is None:
                return
            if status.alive:
                hear(_guard_of(status.machine), message)
            self._tell(*tell_guard(status, self._lab, self._state, wall_now()))

        await self._bus.subscribe(topics.build("head"), partial(hear, RECORDER))
        for agent in self._place.laboratory.agents_of("supervision"):
            await self._bus.subscribe(topics.build("agent_status", source=agent), partial(hear, agent))
        await self._bus.subscribe(topics.build("guard_status", machine="+"), hear_guard)

    def _mourn(self, name: str, error: str | None) -> None:
        """The other channels are told of one that takes nothing, and when it does again."""
        now = wall_now()
        title = f"the channel {name} takes notices again" if error is None else f"the channel {name} takes no notices"
        text = title if error is None else f"{title}\n{error}\nWhat is for it waits: lab-agents notify test"
        id_ = f"channel/{name}/{now:%Y%m%dT%H%M%S}"
        self._heard.append((make_notice(id_, "silence", self._lab, now, title, text), name))
        self._wake.set()

    def _tell(self, *notices: Notice) -> None:
        if notices:
            self._heard += [(notice, None) for notice in notices]
            self._wake.set()

    # What is kept.

    async def _watch(self, watch: SilenceWatch) -> None:
        loop = asyncio.get_running_loop()
        looked = loop.time()
        while True:
            now = loop.time()
            if now - looked > 5 * self._look:
                # This process did not run, so it could not hear.
                watch.forgive(now)
            looked = now
            self._tell(*watch.look(now, wall_now()))
            await self._keep()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look):
                    await self._wake.wait()

    async def _keep(self) -> None:
        """Put on disk what was heard and what there is to read; then it is delivered, whatever happens."""
        self._wake.clear()
        heard, self._heard = self._heard, []
        await self._worker.run(self._read, heard)
        for delivery in self._deliveries.values():
            delivery.wake()

    def _read(self, heard: list[tuple[Notice, str | None]]) -> None:
        for notice, silent in heard:
            self._pending.add([notice], {name: about for name, about in self._about.items() if name != silent})
        now, position = wall_now(), self._pending.position()
        notices, further = self._log.read(position, now)
        notices += self._stops.read(self._pending.since(now), now)
        if notices or further not in (None, position):
            self._pending.add(notices, self._about, further)


RECORDER = "the recorder"


def _guard_of(machine: str) -> str:
    return f"the guard of {machine}"


def _status_in(message: Message) -> GuardStatus | None:
    if len(message.payload) > MOST_STATUS:
        return None
    try:
        return GuardStatus.model_validate_json(message.payload)
    except ValidationError:
        return None
