"""Series of controls: those of one chart, judged by declared limits or by the first of them."""

import math
from dataclasses import dataclass

from lab_agents.agents.charts import Verdict, judge_controls
from lab_agents.records.base import Identifier, Record
from lab_agents.records.control import ControlLimits

LONGEST = 20
"""Controls in order that a chart keeps: more than any rule reads [Westgard1981], with the reference in front."""


class Control(Record):
    """One property of one control film, or one number of one look at a standard; None where it could not be read.

    `id` is that of the film, or of the standard's measurement.
    """

    id: Identifier
    value: float | None
    position: int


class Chart(Record):
    """The controls of one series that were in control since the entry at `since`: the start, or a calibration.

    `broken` is the last one that was not; `is_accepted` says that the campaign goes on with it all the same.
    """

    good: tuple[Control, ...] = ()
    broken: Control | None = None
    is_accepted: bool = False
    instrument: str = ""
    since: int = 0


@dataclass(frozen=True)
class Judged:
    """A series of controls with the mean and deviation that it was judged by; the last good one before trouble."""

    series: tuple[Control, ...]
    mean: float
    deviation: float
    verdict: Verdict
    last_good: Control | None


def judge_series(limits: ControlLimits, series: tuple[Control, ...]) -> Judged:
    """The verdict. Where the first control film is the reference, its own scatter adds to that of each later one."""
    first, mean, deviation = 0, limits.value, limits.deviation
    if mean is None and series[0].value is not None:
        first, mean, deviation = 1, series[0].value, math.sqrt(2.0) * limits.deviation
    mean = 0.0 if mean is None else mean
    verdict = judge_controls([_number(c) for c in series[first:]], mean, deviation)
    good = first - 1 if verdict.last_good is None else first + verdict.last_good
    return Judged(series, mean, deviation, verdict, series[good] if good >= 0 else None)


def shortened(series: tuple[Control, ...]) -> tuple[Control, ...]:
    """The first control, which may be the reference, and the last ones."""
    return series if len(series) <= LONGEST else (series[0], *series[1 - LONGEST :])


def _number(control: Control) -> float:
    return math.nan if control.value is None else control.value
