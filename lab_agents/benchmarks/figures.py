"""A benchmark's answer: rows that a person and a program can read."""

import math
from typing import Literal

from scipy import stats

from lab_agents.records.base import Record

Verdict = Literal["passed", "failed", "not run"]


class Figure(Record):
    """One figure with its target and what was measured.

    `interval` is the 95 % confidence interval of `measured`; `note` says what `measured` is made of, or why it was not.
    """

    figure: str
    target: str
    measured: float | None = None
    interval: tuple[float, float] | None = None
    verdict: Verdict
    note: str = ""


def not_run(figure: str, target: str, reason: str) -> Figure:
    """The row of a figure that could not be measured."""
    return Figure(figure=figure, target=target, verdict="not run", note=reason)


def verdict(passed: bool) -> Verdict:
    """As a word."""
    return "passed" if passed else "failed"


def mean(values: list[float]) -> float:
    """Arithmetic mean of at least one value."""
    return math.fsum(values) / len(values)


def confidence(values: list[float]) -> tuple[float, float]:
    """95 % interval of the mean by Student's t; as wide as a number can be for fewer than two values."""
    n = len(values)
    center = mean(values)
    if n < 2:
        return -1.7e308, 1.7e308
    deviation = math.sqrt(math.fsum((v - center) ** 2 for v in values) / (n - 1) / n)
    half = float(stats.t.ppf(0.975, n - 1)) * deviation
    return center - half, center + half


def spread(values: list[float]) -> str:
    """`mean ± standard error` as text."""
    lower, upper = confidence(values)
    t = float(stats.t.ppf(0.975, max(1, len(values) - 1)))
    return f"{mean(values):.3f} ± {(upper - lower) / 2 / t:.3f}" if len(values) > 1 else f"{mean(values):.3f}"
