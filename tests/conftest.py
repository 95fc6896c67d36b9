"""What holds for every test: nothing blocks an event loop, no task is left over, properties are repeatable."""

import asyncio
import inspect
import os

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import HealthCheck, settings

from lab_agents.child import ONE_THREAD

# As every process of a laboratory: the last bits of a fit depend on the number of threads, and linear algebra reads it
# when it is loaded.
os.environ.update(ONE_THREAD)

OURS = ["lab_agents", "instruments", "planners", "simulators"]

SLOW_MACHINES = [HealthCheck.differing_executors, HealthCheck.too_slow, HealthCheck.large_base_example]

settings.register_profile("ci", deadline=None, derandomize=True, database=None, suppress_health_check=SLOW_MACHINES)
settings.register_profile("search", parent=settings.get_profile("ci"), derandomize=False, max_examples=1000)
# The same examples everywhere; HYPOTHESIS_PROFILE=search looks for new ones.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items):
    """Tests that may last longest come first: those that run side by side then end together."""
    items.sort(key=_limit, reverse=True)


def _limit(item):
    """Seconds that a test claims for itself, 0 where it does not."""
    mark = item.get_closest_marker("timeout")
    return mark.args[0] if mark else 0


@pytest.fixture(autouse=True)
def _nothing_blocks_an_event_loop():
    """A blocking call that one of our modules makes in an event loop raises `BlockingError`."""
    with blockbuster_ctx(OURS):
        yield


@pytest.fixture(autouse=True)
def _no_task_is_left_over(request):
    """An async test that leaves a task running fails."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("_tasks_end_with_their_test")


@pytest.fixture
async def _tasks_end_with_their_test():
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if not task.done() and task is not asyncio.current_task()}
    if left:
        # Whoever is just ending gets the time it needs: a thread may wait for the disk.
        await asyncio.wait(left, timeout=5.0)
    left = {task for task in left if not task.done()}
    assert not left, f"left running: {sorted(str(task) for task in left)}"
