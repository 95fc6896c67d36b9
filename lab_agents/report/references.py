"""What the raw records of blanks and standards say of the instruments, over laboratory time."""

from collections.abc import Callable
from dataclasses import dataclass

from lab_agents.analysis.errors import AnalysisError
from lab_agents.analysis.standards import line_position, line_strength, transmittance
from lab_agents.blobs import Blobs
from lab_agents.errors import BlobError
from lab_agents.report.account import Account
from lab_agents.report.drawing import ONE, PAPER, plot
from lab_agents.report.figures import Figure


@dataclass(frozen=True)
class Trend:
    """One number of the reference records: what it is, laboratory hours since the start, values."""

    name: str
    hours: list[float]
    values: list[float]


_SEEN: tuple[tuple[tuple[str, ...], str, str, Callable[[bytes], float]], ...] = (
    (("blank",), "spectrum", "blank: transmittance", transmittance),
    (("silicon", "standard"), "pattern", "silicon: line (° 2θ)", line_position),
    (("silicon", "standard"), "pattern", "silicon: counts per second", line_strength),
)
"""Kinds of check, kind of measurement, what is read of it."""


def trends(account: Account, blobs: Blobs) -> list[Trend]:
    """Each number that the references gave at least twice; records that are gone or spoiled are left out."""
    found = [Trend(name, *_read(account, blobs, kinds, of, look)) for kinds, of, name, look in _SEEN]
    return [trend for trend in found if len(trend.values) > 1]


def _read(
    account: Account, blobs: Blobs, kinds: tuple[str, ...], of: str, look: Callable[[bytes], float]
) -> tuple[list[float], list[float]]:
    hours, values = [], []
    taken = [m for c in account.checks.values() if c.kind in kinds for m in c.measurements if m.kind == of]
    for measurement in sorted(taken, key=lambda m: m.taken_at):
        if account.started_at is None:
            continue
        try:
            value = look(blobs.get(measurement.raw))
        except (BlobError, AnalysisError):
            continue
        hours.append((measurement.taken_at - account.started_at).total_seconds() / 3600)
        values.append(value)
    return hours, values


def references(account: Account, blobs: Blobs | None) -> Figure | None:
    """A panel for each number of the references; None where there are no two records of any."""
    found = trends(account, blobs) if blobs is not None else []
    if not found:
        return None
    with plot(9.4, 1.7 * len(found) + 0.2, len(found), 1) as drawn:
        for axes, trend in zip(drawn.panels, found, strict=True):
            axes.plot(trend.hours, trend.values, color=ONE, lw=0.8, marker="o", ms=4.5, mec=PAPER, mew=0.5)
            axes.set_ylabel(trend.name)
            axes.ticklabel_format(axis="y", useOffset=False)
            axes.tick_params(labelbottom=trend is found[-1])
        drawn.panels[-1].set_xlabel("laboratory hours since the campaign began")
        svg = drawn.to_svg("references", "Blanks and standards over laboratory time")
    moved = [f"{t.name} from {min(t.values):.5g} to {max(t.values):.5g}" for t in found]
    caption = (
        "The same glass and the same powder, measured again and again: what changes here is the instrument, not the "
        f"samples. A slope is drift, a jump a fault. Seen: {'; '.join(moved)}."
    )
    return Figure("references", "Blanks and standards", caption, svg)
