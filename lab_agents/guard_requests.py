"""What people may ask of a guard through its door, and the answers."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

from lab_agents.control import Json
from lab_agents.ending import cancel_drain, drain, end_children
from lab_agents.errors import GuardError
from lab_agents.guard import Guard
from lab_agents.guard_link import GuardLink
from lab_agents.messages.frames import Rearm
from lab_agents.unread_stop import MAX_WORDS, stop_from_request


class GuardRequests:
    """Answers the control server's clients; `answer` is what it is given."""

    def __init__(self, guard: Guard, link: GuardLink) -> None:
        self._guard, self._link = guard, link
        self._shutdown: asyncio.Task[None] | None = None
        self._n_watchers = 0
        self._answers = {
            "status": self._status,
            "watch": self._watch,
            "stop": self._stop,
            "rearm": self._rearm,
            "shutdown": self._shut_down,
            "detach": self._detach,
            "hold": self._hold,
            "release": self._release,
        }

    def answer(self, request: Json) -> AsyncIterator[Json]:
        """The answers to one request.

        Raises:
            GuardError: If nothing of that name can be asked.
        """
        answer = self._answers.get(str(request.get("do")))
        if answer is None:
            raise GuardError(f"A guard does not know {request.get('do')!r}; it knows {', '.join(self._answers)}.")
        return answer(request)

    def begin_shutdown(self, *, is_draining: bool) -> asyncio.Task[None]:
        """Begin the end, or hurry the one that is under way."""
        if self._shutdown is not None and not is_draining:
            self._shutdown.cancel()
            self._shutdown = None
        if self._shutdown is None:
            self._shutdown = asyncio.create_task(self._end(is_draining=is_draining), name="shutdown")
        return self._shutdown

    async def _end(self, *, is_draining: bool) -> None:
        if is_draining:
            await drain(self._guard, lambda: self._link.running)
        self._guard.is_ending = True
        await self._link.say_goodbye()
        await end_children(self._guard)

    def _json_status(self) -> Json:
        guard = self._guard
        roles = {name: child.plan.role for name, child in guard.children.items()}
        # Whoever watches starts a guard again that died; so does systemd.
        is_attended = self._n_watchers > 0 or "NOTIFY_SOCKET" in os.environ
        return {"status": guard.status().model_dump(mode="json"), "roles": roles, "attended": is_attended}

    async def _status(self, _: Json) -> AsyncIterator[Json]:
        yield {"ok": True, **self._json_status()}

    async def _watch(self, _: Json) -> AsyncIterator[Json]:
        number = 0
        self._n_watchers += 1
        try:
            while not self._guard.is_ending:
                number += 1
                yield {"beat": number, "pid": self._guard.status().pid, "epoch": self._guard.epoch}
                await asyncio.sleep(self._guard.household.settings.beat)
        finally:
            self._n_watchers -= 1
        yield {"ok": True, "ended": True}

    async def _stop(self, request: Json) -> AsyncIterator[Json]:
        stop = stop_from_request(request)
        stopping = self._guard.stopping
        if not stopping.stop(stop):
            yield {"ok": True, "latched": None, "detail": f"the stop {stop.id} was lifted before"}
            return
        yield {"heard": stop.id}
        while not stopping.is_recorded:
            await self._guard.wait_changed(self._guard.household.settings.beat)
        yield {"latched": stop.id, "machine": self._guard.household.machine}
        # Whoever lifts the last stop ends what waits for a safe state: there will be no other answer.
        while stopping.latch.is_set and not stopping.is_settled:
            await self._guard.wait_changed(self._guard.household.settings.beat)
        yield {"ok": True, "latched": stop.id, **self._json_status()}

    async def _rearm(self, request: Json) -> AsyncIterator[Json]:
        stop, person, reason = (_text(request, field) for field in ("stop", "person", "reason"))
        rearm = Rearm(stop=stop, person=person, reason=reason, at=datetime.now(UTC))
        await self._guard.stopping.rearm(rearm)
        self._link.clear_stop()
        self._guard.wake.set()
        yield {"ok": True, **self._json_status()}

    async def _shut_down(self, request: Json) -> AsyncIterator[Json]:
        if request.get("mode", "drain") not in ("drain", "now"):
            raise GuardError(f"A shutdown is 'drain' or 'now', not {request['mode']!r}.")
        ending = self.begin_shutdown(is_draining=request.get("mode", "drain") == "drain")
        said = None
        while not ending.done():
            if self._guard.draining != said:
                said = self._guard.draining
                yield {"draining": said}
            await asyncio.wait({ending}, timeout=self._guard.household.settings.beat / 5)
        if ending.cancelled() and not self._guard.is_ending:
            yield {"ok": False, "error": "The end was called off; the laboratory goes on."}
        else:
            yield {"ok": True, "ended": True}

    async def _detach(self, _: Json) -> AsyncIterator[Json]:
        if self._guard.is_ending:
            raise GuardError("The machine is ending already; nothing is moving any more.")
        if self._shutdown is not None:
            self._shutdown.cancel()
            with suppress(asyncio.CancelledError):
                await self._shutdown
            self._shutdown = None
        cancel_drain(self._guard)
        yield {"ok": True, **self._json_status()}

    async def _hold(self, request: Json) -> AsyncIterator[Json]:
        reason = f"held by {_text(request, 'person')}: {_text(request, 'reason')}"
        self._guard.hold(_text(request, "child"), reason)
        yield {"ok": True}

    async def _release(self, request: Json) -> AsyncIterator[Json]:
        self._guard.release(_text(request, "child"))
        yield {"ok": True}


def _text(request: Json, field: str) -> str:
    """A field of a request.

    Raises:
        GuardError: If it is missing, no text, or longer than every status should repeat.
    """
    value = request.get(field)
    if not isinstance(value, str):
        raise GuardError(f"A request to {request['do']} needs {field!r} as text; it has {value!r:.80}.")
    if len(value) > MAX_WORDS:
        told = f"{field!r} of a request to {request['do']} has {len(value)} characters"
        raise GuardError(f"{told}; it may have {MAX_WORDS}.")
    return value
