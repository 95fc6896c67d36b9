"""Stop requests, also those that cannot be read: whoever sends one wants a stop, whatever became of it on its way."""

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from pydantic import ValidationError

from lab_agents.messages.frames import StopRequest

UNREAD = "unreadable-stop-"
"""How the id of a stop begins whose request could not be read."""
SHOWN = 200
"""Bytes of such a request that its reason shows."""

MAX_WORDS = 1000
"""Characters of a person's name or reason that are kept: each status of a guard repeats them, and an entry must hold
them."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}")
"""Ids of entries are made of it: another one could not be recorded."""


def stop_from_bytes(payload: bytes) -> StopRequest:
    """The request in a message of the stop's topic.

    Bytes that are none become a stop whose id derives from them: the same bytes again, or still retained, are the same
    stop, and once a person lifted it they stop nothing more.
    """
    with suppress(ValidationError):
        request = StopRequest.model_validate_json(payload)
        if _ID.fullmatch(request.id):
            return _shortened(request)
    return StopRequest(
        id=f"{UNREAD}{hashlib.sha256(payload).hexdigest()[:16]}",
        person="unknown",
        reason=f"{len(payload)} bytes on the stop's way could not be read: {payload[:SHOWN]!r}",
        at=datetime.now(UTC),
    )


def stop_from_request(request: Mapping[str, object]) -> StopRequest:
    """The request that a guard's door was given; one that lacks something stops too, see `stop_from_bytes`."""
    known = {name: request.get(name) for name in ("id", "person", "reason")}
    with suppress(ValidationError):
        stop = StopRequest.model_validate(known | {"at": _instant(request.get("at"))})
        if _ID.fullmatch(stop.id):
            return _shortened(stop)
    return stop_from_bytes(json.dumps(dict(request), sort_keys=True).encode())


def _shortened(stop: StopRequest) -> StopRequest:
    return stop.model_copy(update={"person": stop.person[:MAX_WORDS], "reason": stop.reason[:MAX_WORDS]})


def _instant(said: object) -> datetime:
    """When somebody asked, or this instant where that is not said."""
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    return datetime.now(UTC)


def is_unread(stop: StopRequest) -> bool:
    """Whether this stop stands for a request that could not be read."""
    return stop.id.startswith(UNREAD)
