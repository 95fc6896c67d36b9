"""The rows of stalls, from counts; campaigns are run by the benchmark itself."""

from datetime import datetime, timedelta

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.benchmarks.stalls import HANGS, HangingFloor, StallCount, stall_figures
from lab_agents.records.recipe import Task
from tests.model_lab import START
from tests.unit.lab_agents.agents.test_stalls import TASK


class Quick:
    """Every task takes a minute; a task called `bad` fails."""

    def perform(self, task: Task, now: datetime):
        """Good or bad."""
        return now + timedelta(minutes=1), JobOutcome(ok=task.name != "bad")

    def discard(self, sample: str) -> None:
        """Nothing stands there."""


def verdicts(*counts: StallCount) -> list[str]:
    """Of the three rows."""
    return [figure.verdict for figure in stall_figures(counts)]


def test_a_task_that_hangs_ends_hours_later_and_is_named():
    floor = HangingFloor(Quick(), 0, 1.0)
    assert floor.perform(TASK, START)[0] == START + timedelta(minutes=1) + HANGS
    assert floor.hung == {TASK.id}


def test_what_fails_does_not_hang():
    floor = HangingFloor(Quick(), 0, 1.0)
    assert floor.perform(TASK.model_copy(update={"name": "bad"}), START)[0] == START + timedelta(minutes=1)
    assert floor.hung == set()


def test_every_stall_told_in_time_passes():
    assert verdicts(StallCount((15.0, 15.0), 2, 0, 70)) == ["passed", "passed", "passed"]


def test_a_stall_that_is_silent_late_or_cried_in_vain_fails():
    assert verdicts(StallCount((15.0,), 2, 0, 70))[0] == "failed"
    assert verdicts(StallCount((15.0, 30.0), 2, 0, 70))[1] == "failed"
    assert verdicts(StallCount((15.0,), 1, 2, 70))[2] == "failed"
    assert verdicts(StallCount((), 0, 0, 0)) == ["failed", "failed", "failed"]
