"""The rows say what was measured, and miss their target where it was missed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.auditing.report import AuditReport
from lab_agents.benchmarks.blows import Blow
from lab_agents.benchmarks.kills import Night, Recovery
from lab_agents.benchmarks.log_speed import LogSpeed
from lab_agents.benchmarks.processes import day_figures, log_figures, night_figures, percentile
from lab_agents.benchmarks.quiet_day import Day


def _nothing_to_audit() -> AuditReport:
    """The audit of a laboratory that never moved."""
    numbers = dict.fromkeys(
        ("head", "n_ordered", "n_done", "n_failed", "n_unknown", "n_in_flight", "n_observations"), 0
    )
    return AuditReport(
        state="s",
        log="l",
        lab="x",
        chain="0",
        software=(),
        n_moved=0,
        unknown_share=0.0,
        checks=(),
        agrees=True,
        **numbers,
    )


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(1, 100))
def test_a_percentile_is_one_of_the_values_and_has_enough_below(values: list[float], share: float) -> None:
    """No interpolation: it is a time that was really seen."""
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share / 100 * len(values) - 1e-9


def test_the_log_has_three_rows() -> None:
    """Rate, and the middle and the end of the round trips in milliseconds."""
    rows = log_figures(LogSpeed(10, 200.0, tuple(n / 1000 for n in range(1, 101))))
    assert [row.measured for row in rows] == [200.0, 50.0, 99.0]


@pytest.mark.parametrize(
    ("day", "verdicts"),
    [
        (Day(code=0, seconds=100.0, total_memory=10**9, actuations=500, moving=90.0), ["passed", "passed"]),
        (Day(code=0, seconds=200.0, total_memory=2 * 10**9), ["failed", "failed"]),
        (Day(code=1, seconds=100.0, total_memory=0), ["failed", "failed"]),
    ],
)
def test_a_day_too_long_too_large_or_badly_ended_fails(day: Day, verdicts: list[str]) -> None:
    """A campaign that did not finish is no fast campaign; memory that was never seen is not small."""
    assert [row.verdict for row in day_figures(day)[:2]] == verdicts


def test_a_process_that_never_worked_again_fails_its_row() -> None:
    """Also where the others were quick."""
    kill, freeze = Blow("kill", "line_a"), Blow("freeze", "guard")
    night = Night(recoveries=[Recovery(kill, 2.0), Recovery(kill, None), Recovery(freeze, 12.0)], code=0)
    rows = night_figures([(night, _nothing_to_audit())])
    assert [(row.figure.split(" to ")[0], row.verdict) for row in rows[:2]] == [
        ("seconds from freeze of guard", "passed"),
        ("seconds from kill of line_a", "failed"),
    ]


def test_a_process_left_running_fails_the_campaign() -> None:
    """Even if it finished."""
    rows = night_figures([(Night(code=0, left=["lab-agents: line_a (1)"]), _nothing_to_audit())])
    assert next(row for row in rows if "without a person" in row.figure).verdict == "failed"
