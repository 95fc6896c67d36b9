"""The rows of the demonstration miss their targets where they were missed."""

from dataclasses import replace

import pytest

from lab_agents.auditing.report import AuditReport, Check, Finding
from lab_agents.benchmarks.demo import Demonstration, demo_figures
from lab_agents.benchmarks.quiet_day import Day

BENCH = (0.01, 0.06)
COUNTS = dict.fromkeys(("head", "n_ordered", "n_done", "n_failed", "n_unknown", "n_in_flight", "n_observations"), 0)
CLEAN = AuditReport(
    state="s", log="l", lab="x", chain="0", software=(), n_moved=7, unknown_share=0.0, checks=(), agrees=True, **COUNTS
)
GOOD = Demonstration(Day(code=0, seconds=250.0, total_memory=10**9), CLEAN, n_samples=60, regret=0.06)


def verdicts(shown: Demonstration, bench: tuple[float, ...] = BENCH) -> list[str]:
    """Of each row."""
    return [row.verdict for row in demo_figures(shown, bench)]


def test_a_demonstration_within_all_its_targets_passes() -> None:
    """The worst regret of the bench is still within its range."""
    assert verdicts(GOOD) == ["passed"] * 4


@pytest.mark.parametrize(
    ("shown", "missed"),
    [
        (replace(GOOD, day=replace(GOOD.day, seconds=300.0)), 0),
        (replace(GOOD, day=replace(GOOD.day, code=6)), 0),
        (replace(GOOD, day=replace(GOOD.day, total_memory=2 * 10**9)), 1),
        (replace(GOOD, day=replace(GOOD.day, total_memory=0)), 1),
        (replace(GOOD, regret=0.0601), 2),
    ],
)
def test_each_target_is_missed_by_itself(shown: Demonstration, missed: int) -> None:
    """A campaign that did not finish is no fast campaign; memory that was never seen is not small."""
    assert [n for n, said in enumerate(verdicts(shown)) if said == "failed"] == [missed]


def test_an_audit_that_found_something_fails() -> None:
    """Its findings are counted."""
    checks = (Check("tokens", "once?", 9, (Finding("t", "twice"), Finding("u", "never ordered"))),)
    rows = demo_figures(replace(GOOD, audited=replace(CLEAN, checks=checks, agrees=False)), BENCH)
    assert (rows[3].measured, rows[3].verdict) == (2.0, "failed")


def test_regret_without_anything_to_compare_is_not_run() -> None:
    """Neither without seeds nor without films."""
    assert verdicts(GOOD, ())[2] == "not run"
    assert verdicts(replace(GOOD, regret=None))[2] == "not run"
