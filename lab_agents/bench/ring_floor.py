"""What the agents of the bench's ring carry out: the models of a simulated laboratory, each act as long as it takes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.bench.film_truth import find_mishaps, reported
from lab_agents.bench.floor import BenchFloor
from lab_agents.blobs import Blobs
from lab_agents.errors import BlobError
from lab_agents.records.recipe import Act, ActResult, Task
from simulators.errors import ErrorNumber, RefusedError
from simulators.instruments.program import Prepared
from simulators.world.things import NOWHERE

REFUSAL = timedelta(seconds=1)
"""Laboratory time of an order that the instrument refuses: it must pass, or whoever tries again does so for ever."""
RECORDING = frozenset({"scan", "spectrum", "illuminate", "sweep"})
"""Plans that leave a raw record."""


class MemoryBlobs:
    """Blobs of a campaign that nobody looks at afterwards."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Keep them in memory."""
        address = hashlib.sha256(data).hexdigest()
        self._kept[address] = data
        return address

    def get(self, address: str) -> bytes:
        """What was put."""
        if address not in self._kept:
            raise BlobError(f"there is no blob {address}")
        return self._kept[address]


Recorder = Callable[[Act, str, datetime, Prepared], bytes]
"""The raw record of a measuring act, from the act, its token, when it began, and what it did."""


class RingFloor:
    """Carries out tasks on the models of a laboratory.

    Attributes:
        films: Sample → the film's name in the world.
        mishaps: Sample → the faults of the laboratory that struck it.
    """

    def __init__(self, floor: BenchFloor, blobs: Blobs, record: Recorder | None = None) -> None:
        """Over a floor; `record` stands in for the floor's own raw records."""
        self._floor, self._blobs, self._record = floor, blobs, record or floor.record
        self._done: dict[str, ActResult] = {}
        self.films: dict[str, str] = {}
        self.mishaps: dict[str, set[str]] = {}

    def perform(self, task: Task, now: datetime) -> tuple[datetime, JobOutcome]:
        """Every act of the task, one after the other; it ends badly at the first that does."""
        results: list[ActResult] = []
        for number, act in enumerate(task.acts):
            try:
                prepared = self._floor.do(act, task.token(number), now)
            except RefusedError as error:
                return now + REFUSAL, _refused(error, results)
            ends_at = now + timedelta(seconds=prepared.duration)
            self.mishaps.setdefault(task.sample, set()).update(find_mishaps(prepared))
            if prepared.action == "drop":
                self.mishaps[task.sample].add("drop")
                return ends_at, JobOutcome(ok=False, results=tuple(results), error="the film fell")
            if prepared.action == "spin":
                self.films[task.sample] = task.token(number)
            results.append(self._result(act, number, task.token(number), now, ends_at, prepared))
            now = ends_at
        return now, JobOutcome(ok=True, results=tuple(results))

    def _result(
        self, act: Act, number: int, token: str, begins_at: datetime, ends_at: datetime, prepared: Prepared
    ) -> ActResult:
        blobs = {}
        if act.plan in RECORDING:
            raw = self._blobs.put(self._record(act, token, begins_at, prepared))
            blobs = {"raw": raw, "documents": self._blobs.put(b"")}
        return ActResult(
            act=number,
            token=token,
            run=token,
            readings=reported(prepared),
            blobs=blobs,
            started_at=begins_at,
            ended_at=ends_at,
        )

    def discard(self, sample: str) -> None:
        """Take its film out of the world."""
        things = self._floor.things
        name = self.films.get(sample, sample)
        if name in things.films:
            things.films[name] = replace(things.films[name], place=NOWHERE)


def _refused(error: RefusedError, results: Sequence[ActResult]) -> JobOutcome:
    """What a driver makes of a refusal: nothing moved, if it was the first act; its sensors may have forbidden it."""
    blocked = error.number is ErrorNumber.BLOCKED and not results
    return JobOutcome(ok=False, results=tuple(results), moved=bool(results), blocked=blocked, error=str(error))
