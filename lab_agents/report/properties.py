"""Every property that the target names, over samples, with the band it must lie in and the hits marked."""

import math
from typing import TYPE_CHECKING

from lab_agents.records.target import Constraint, Target
from lab_agents.report.account import Account
from lab_agents.report.drawing import BAD, FOUR, INK, ONE, PAPER, QUIET, plot
from lab_agents.report.figures import Figure
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.target_words import plain_name
from lab_agents.report.wording import count, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Frame = tuple[float, float]
ROOM = 1.5
"""Widths of a band that are shown on either side of it: with more, first samples far away would make it a line."""


def properties(account: Account) -> Figure | None:
    """One panel for the objective and one for each constraint; None for a target without constraints."""
    samples = account.observed_samples()
    if account.plan is None or not samples or not account.plan.target.constraints:
        return None
    target = account.plan.target
    names = list(dict.fromkeys((target.property, *(c.property for c in target.constraints))))
    with plot(9.4, 1.75 * len(names) + 0.4, len(names), 1) as drawn:
        for axes, name in zip(drawn.panels, names, strict=True):
            _panel(axes, samples, target, name)
            axes.set_xlim(0.3, len(samples) + 0.7)
            axes.tick_params(labelbottom=name == names[-1])
        drawn.panels[-1].set_xlabel("samples, in the order in which they were concluded")
        _best_so_far(drawn.panels[0], samples, target)
        _key(drawn.panels[0])
        svg = drawn.to_svg("properties", "Every property over samples, with the target's bands")
    return Figure("properties", "Every sample against the target", _caption(account, samples), svg)


def _caption(account: Account, samples: list[SampleAccount]) -> str:
    target, n = account.plan.target if account.plan is not None else None, len(account.hits())
    sure = percent(target.confidence) if target is not None else ""
    unread = sum(bool(s.missing.keys() & set(target.properties)) for s in samples) if target is not None else 0
    text = (
        f"The shaded bands are what the target asks for, bars one standard deviation. {count(n, 'sample')} of "
        f"{len(samples)} {'is a hit' if n == 1 else 'are hits'} (stars): all bands are met with a joint chance of at "
        f"least {sure}. The line at the top is the best hit so far. Triangles lie beyond the frame"
    )
    return f"{text}; crosses mark what could not be read ({count(unread, 'sample')})." if unread else f"{text}."


def _panel(axes: "Axes", samples: list[SampleAccount], target: Target, name: str) -> None:
    constraint = next((c for c in target.constraints if c.property == name), None)
    seen = [(i + 1, quantity, s.is_hit) for i, s in enumerate(samples) if (quantity := s.quantity(name)) is not None]
    low, high = frame([q.value for _, q, _ in seen], constraint)
    axes.set_ylim(low, high)
    if constraint is not None:
        shade(axes, constraint)
    for is_hit, colour, marker, size in ((False, ONE, "o", 4.0), (True, FOUR, "*", 9.0)):
        inside = [(x, q.value, q.deviation) for x, q, hit in seen if hit == is_hit and low <= q.value <= high]
        if inside:
            x, y, spread = zip(*inside, strict=True)
            axes.errorbar(
                x, y, yerr=spread, fmt=marker, ms=size, color=colour, mec=PAPER, mew=0.4, elinewidth=0.8,
                zorder=4 if is_hit else 3,
            )  # fmt: skip
    step = 0.05 * (high - low)
    for marker, place, beyond in (
        ("v", low + step, [x for x, q, _ in seen if q.value < low]),
        ("^", high - step, [x for x, q, _ in seen if q.value > high]),
        ("x", low + step, [i + 1 for i, s in enumerate(samples) if name in s.missing]),
    ):
        colour = BAD if marker == "x" else ONE
        axes.plot(beyond, [place] * len(beyond), ls="none", marker=marker, ms=5, mew=1.2, color=colour, alpha=0.7)
    unit = target.unit if constraint is None else constraint.unit
    axes.set_ylabel(plain_name(name) if unit == "1" else f"{plain_name(name)} ({unit})")


def frame(values: list[float], constraint: Constraint | None) -> Frame:
    """Bounds of the drawn values: the band with room around it, and all samples but the far ones.

    Far is beyond the middle 80 % of samples, and of a band with two sides further than `ROOM` of its widths from it; an
    objective without a band is shown whole.
    """
    ranked = sorted(values) or [0.0]
    cut = len(ranked) // 10 if constraint is not None else 0
    low, high = ranked[cut], ranked[-1 - cut]
    if constraint is not None:
        lower, upper = constraint.lower, constraint.upper
        if lower is not None and upper is not None:
            room = ROOM * (upper - lower)
            low, high = max(low, lower - room), min(high, upper + room)
        bounds = [b for b in (lower, upper) if b is not None]
        low, high = min(low, *bounds), max(high, *bounds)
    margin = 0.12 * (high - low) or 0.1 * max(abs(high), 1e-9)
    return low - margin, high + margin


def shade(axes: "Axes", constraint: Constraint) -> None:
    """The band of a constraint on the vertical axis, to the frame's edge where it is open."""
    low, high = axes.get_ylim()
    bottom = low if constraint.lower is None else constraint.lower
    top = high if constraint.upper is None else constraint.upper
    axes.axhspan(bottom, top, color=FOUR, alpha=0.16, lw=0, zorder=0)


def _best_so_far(axes: "Axes", samples: list[SampleAccount], target: Target) -> None:
    best, so_far = -math.inf, []
    for sample in samples:
        if sample.is_hit and sample.objective is not None:
            best = max(best, target.sign * sample.objective.value)
        so_far.append(target.sign * best)
    at = [(i + 1, value) for i, value in enumerate(so_far) if math.isfinite(value)]
    if at:
        axes.step(*zip(*at, strict=True), where="post", color=INK, lw=1.4, zorder=2)


def _key(axes: "Axes") -> None:
    axes.plot([], [], ls="none", marker="*", ms=9, color=FOUR, label="hit")
    axes.plot([], [], ls="none", marker="o", ms=4, color=ONE, label="other sample")
    axes.plot([], [], color=INK, lw=1.4, label="best hit so far")
    axes.plot([], [], ls="none", marker="s", ms=9, color=FOUR, alpha=0.3, label="asked for")
    axes.plot([], [], ls="none", marker="x", ms=5, mew=1.2, color=BAD, label="could not be read")
    axes.legend(ncols=5, loc="lower right", bbox_to_anchor=(1.0, 1.0), labelcolor=QUIET, borderaxespad=0.1)
