"""Making a RunEngine that loads no more than its devices need."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bluesky import RunEngine
from bluesky.utils import DuringTask

from instruments.document_checks import check_quickly


def make_run_engine(loop: asyncio.AbstractEventLoop | None = None) -> RunEngine:
    """A RunEngine for plans that run in any thread, without signal handling.

    `loop` is one that another RunEngine runs, to be shared with it; without it a new one is started.

    To note its version a RunEngine imports ophyd wherever it is installed: half a second, 30 MB and a dozen threads in
    every process. One that has a device of ophyd has loaded it before, and its version is noted.
    """
    check_quickly()
    with _absent("ophyd"):
        return RunEngine(loop=loop, context_managers=[], call_returns_result=True, during_task=DuringTask())


@contextmanager
def _absent(name: str) -> Iterator[None]:
    """Let an import of `name` fail inside, unless it is loaded already."""
    if name in sys.modules:
        yield
        return
    # How Python is told that there is no such module.
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
