"""Reading what an instrument holds, after a person said what was loaded."""

import asyncio
import json
import logging
from typing import Protocol

from instruments.errors import TransportError
from lab_agents.agents.behaviour import Job, JobOutcome
from lab_agents.agents.supplies import CountArguments
from lab_agents.settings import DEFAULT, Settings

_log = logging.getLogger(__name__)


class Counter(Protocol):
    """Whoever can read an instrument's own count."""

    async def count(self, instrument: str, signal: str) -> float:
        """The count, in the unit of the consumable's declaration.

        Raises:
            TransportError: If the instrument does not answer.
        """
        ...


class CountRunner:
    """Runs counts; waits for an instrument that cannot be reached, because nothing begins there before."""

    def __init__(self, counter: Counter, settings: Settings = DEFAULT) -> None:
        self._counter, self._settings = counter, settings

    async def run(self, job: Job) -> JobOutcome:
        """The instrument's own count."""
        asked = CountArguments.model_validate_json(job.arguments)
        while True:
            try:
                seen = await self._counter.count(asked.instrument, asked.signal)
            except TransportError as error:
                _log.warning("%s cannot be counted: %s", asked.consumable, error)
                await asyncio.sleep(self._settings.ask_again)
            else:
                return JobOutcome(ok=True, answer=json.dumps(seen))
