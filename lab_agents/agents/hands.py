"""The hands of the simulated person: what they load, they load into the simulated laboratory."""

import asyncio
import json
from collections.abc import Callable
from urllib.parse import urlsplit

from lab_agents.agents.behaviour import Job, JobOutcome
from lab_agents.settings import DEFAULT, Settings

HANDS = "hands"
"""Under this name the simulated laboratory writes where it takes hands, beside the addresses of its instruments."""


class HandsRunner:
    """Asks the simulated laboratory to load what a ticket wants; it does so once for each ticket.

    Args:
        find_address: Where the simulated laboratory takes hands, or None while it does not listen.
        settings: How long an answer may take, and how soon it is asked again.
    """

    def __init__(self, find_address: Callable[[], str | None], settings: Settings = DEFAULT) -> None:
        self._find_address, self._settings = find_address, settings

    async def run(self, job: Job) -> JobOutcome:
        """What was counted after loading, or why nothing could be loaded."""
        while True:
            try:
                async with asyncio.timeout(self._settings.request):
                    answer = await self._ask(job.arguments)
            except (OSError, TimeoutError):
                await asyncio.sleep(self._settings.ask_again)
                continue
            if "count" in answer:
                return JobOutcome(ok=True, answer=json.dumps(answer["count"]))
            return JobOutcome(ok=False, error=str(answer.get("refused", answer)))

    async def _ask(self, question: str) -> dict[str, object]:
        address = await asyncio.to_thread(self._find_address)
        if address is None:
            raise ConnectionError("the simulated laboratory takes no hands yet")
        place = urlsplit(address)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            writer.write(question.encode() + b"\n")
            await writer.drain()
            line = await reader.readline()
        finally:
            writer.close()
        if not line.endswith(b"\n"):
            raise ConnectionError("the simulated laboratory hung up")
        answer: dict[str, object] = json.loads(line)
        return answer
