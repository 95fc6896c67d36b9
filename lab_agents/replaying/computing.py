"""Computing a job again, in this process, without writing anything into the laboratory's state."""

import asyncio
import hashlib
from collections.abc import Callable

from lab_agents.agents.behaviour import Job, JobOutcome
from lab_agents.agents.executor import ComputeRunner
from lab_agents.blobs import Blobs
from lab_agents.errors import ComputeError

RunJob = Callable[[str, str, Blobs], str]
"""Computes a job: name, arguments (JSON), blobs; returns the answer (JSON). `lab_agents.jobs.run_job` is one."""


class ScratchBlobs:
    """Reads the laboratory's blobs; keeps what is put in memory."""

    def __init__(self, kept: Blobs) -> None:
        self._kept, self._new = kept, dict[str, bytes]()

    def put(self, data: bytes) -> str:
        """Keep `data` until the replay ends."""
        address = hashlib.sha256(data).hexdigest()
        self._new[address] = data
        return address

    def get(self, address: str) -> bytes:
        """The bytes at `address`.

        Raises:
            BlobError: If neither has them.
        """
        return self._new[address] if address in self._new else self._kept.get(address)


class ComputeHere:
    """The compute workers' part, in this process."""

    def __init__(self, run_job: RunJob, blobs: Blobs) -> None:
        self._run_job, self._blobs = run_job, blobs

    async def run(self, name: str, arguments: str) -> str:
        """The answer (JSON).

        Raises:
            ComputeError: If the job failed, with the text that a worker would give.
        """
        job = asyncio.create_task(asyncio.to_thread(self._run_job, name, arguments, self._blobs))
        await asyncio.wait({job})
        error = job.exception()
        if error is not None:
            raise ComputeError(f"{type(error).__name__}: {error}") from error
        return job.result()

    def compute(self, job: Job) -> JobOutcome:
        """The job's outcome as the agent's executor would have reported it; a job that fails has one too."""
        return asyncio.run(ComputeRunner(self).run(job))
