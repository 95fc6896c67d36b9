"""Notification channels that take nothing, as supervision sees them: a ticket says so where the notifier cannot."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from lab_agents.notify.delivery import MOURNED
from lab_agents.notify.pending import ChannelState, read_states

LOOK: Final = 5.0
"""Wall seconds between two looks at how the channels stand."""


class DeafChannels:
    """The channels of a laboratory, by what the notifier of this machine keeps on disk.

    Args:
        pending: The notifier's file; nothing is known while it is not there.
        channels: Their names.
        look: Wall seconds between two looks.
    """

    def __init__(self, pending: Path, channels: Collection[str], look: float = LOOK) -> None:
        self._pending, self._channels, self._look = pending, tuple(channels), look
        self._states: tuple[ChannelState, ...] = ()

    async def watch(self) -> None:
        """Look until cancelled; in a thread, because another process writes the file."""
        while self._channels:
            self._states = await asyncio.to_thread(read_states, self._pending, self._channels)
            await asyncio.sleep(self._look)

    def found(self, now: datetime) -> list[ChannelState]:
        """Those that have taken nothing for so long that others are told of it."""
        return [one for one in self._states if _has_failed_for(one, now) > timedelta(seconds=MOURNED)]


def _has_failed_for(state: ChannelState, now: datetime) -> timedelta:
    return timedelta() if state.failing_since is None else now - datetime.fromisoformat(state.failing_since)
