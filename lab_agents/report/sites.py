"""Where samples of a space with several groups of fractions lie: a triangle for each site, coloured by chance."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from lab_agents.records.space import DesignSpace, Parameter
from lab_agents.report.account import Account
from lab_agents.report.drawing import FOUR, INK, ONE, PAPER, QUIET, RULE, plot
from lab_agents.report.figures import Figure
from lab_agents.report.properties import frame, shade
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.target_words import plain_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.5, math.sqrt(3) / 2))


def sites(account: Account) -> list[Figure]:
    """Triangles and shares of the sites, and the other parameters in pairs; nothing for other spaces."""
    samples = [s for s in account.observed_samples() if s.made_values is not None]
    if account.plan is None or account.plan.space.is_mixture or not account.plan.space.simplices or not samples:
        return []
    space = account.plan.space
    grouped = {name for group in space.simplices for name in group}
    others = [p for p in space.parameters if p.name not in grouped]
    figures = [_sites(account, space, samples)]
    if len(others) >= 2:
        figures.append(_process(others, samples))
    return figures


def _strength(sample: SampleAccount) -> float:
    return sample.chance if sample.target.constraints else 1.0


def mark(axes: "Axes", x: float, y: float, sample: SampleAccount) -> None:
    """A sample: the surer to meet the target, the stronger; hits are stars."""
    strength = _strength(sample)
    is_hit = bool(sample.target.constraints) and sample.is_hit
    axes.plot(
        x, y, ls="none", marker="*" if is_hit else "o", ms=11 if is_hit else 4.5 + 2 * strength,
        color=FOUR if is_hit else ONE, alpha=1.0 if is_hit else 0.28 + 0.62 * strength, mec=PAPER, mew=0.4,
        zorder=5 if is_hit else 2 + strength,
    )  # fmt: skip


def _sites(account: Account, space: DesignSpace, samples: list[SampleAccount]) -> Figure:
    groups = [g for g in space.simplices if len(g) in (2, 3)]
    groups.sort(key=lambda g: -len(g))
    by_name = {p.name: p for p in space.parameters}
    with plot(3.3 * len(groups), 3.3, 1, len(groups)) as drawn:
        for axes, group in zip(drawn.panels, groups, strict=True):
            members = [by_name[name] for name in group]
            if len(group) == 3:
                _triangle(axes, members, samples)
            else:
                _share(axes, account, members[-1], samples)
        svg = drawn.to_svg("sites", "Compositions of the sites")
    caption = (
        "Each sample as it was made: in a triangle a corner is the largest share that the design space allows (its "
        "label), and the opposite side the smallest. The stronger the colour, the higher the chance that all "
        "constraints hold; stars are hits, marks at the edge of a frame lie beyond it. Where the stars lie together is "
        "what the campaign found."
    )
    return Figure("sites", "Which compositions were tried", caption, svg)


def zoomed(fractions: list[float], lowest: list[float]) -> tuple[float, float]:
    """Where a mixture of three is drawn in the triangle of what lies above `lowest` (fractions of the whole)."""
    room = 1.0 - math.fsum(lowest)
    weights = [(f - low) / room for f, low in zip(fractions, lowest, strict=True)]
    x = math.fsum(w * c[0] for w, c in zip(weights, _CORNERS, strict=True))
    return x, math.fsum(w * c[1] for w, c in zip(weights, _CORNERS, strict=True))


def _triangle(axes: "Axes", members: list[Parameter], samples: list[SampleAccount]) -> None:
    lowest = [p.lower for p in members]
    room = 1.0 - math.fsum(lowest)
    axes.set_axis_off()
    axes.set_aspect("equal")
    for a, b in pairwise((*_CORNERS, _CORNERS[0])):
        axes.plot((a[0], b[0]), (a[1], b[1]), color=QUIET, lw=1.0, zorder=1)
    for share in (0.25, 0.5, 0.75):
        for k in range(3):
            ends = [[0.0] * 3, [0.0] * 3]
            for end, other in zip(ends, ((k + 1) % 3, (k + 2) % 3), strict=True):
                end[k], end[other] = share, 1 - share
            (xa, ya), (xb, yb) = (zoomed(e, [0.0] * 3) for e in ends)
            axes.plot((xa, xb), (ya, yb), color=RULE, lw=0.6, zorder=0)
    for k, (parameter, (x, y)) in enumerate(zip(members, _CORNERS, strict=True)):
        text = f"{plain_name(parameter.name)} {100 * (parameter.lower + room):.0f} %"
        below = y < 0.5
        axes.annotate(
            text, (x, y), xytext=(0, -6 if below else 5), textcoords="offset points", color=INK,
            ha=("left", "right", "center")[k], va="top" if below else "bottom",
        )  # fmt: skip
    for sample in samples:
        made = sample.made_values or {}
        mark(axes, *zoomed([made[p.name] for p in members], lowest), sample)
    axes.set_xlim(-0.06, 1.06)


def _share(axes: "Axes", account: Account, parameter: Parameter, samples: list[SampleAccount]) -> None:
    """The second of two components, against the first property that the target constrains."""
    constraint = account.plan.target.constraints[0] if account.plan and account.plan.target.constraints else None
    if constraint is None:
        known = [(s, s.objective) for s in samples]
        name = account.plan.target.property if account.plan is not None else ""
    else:
        known, name = [(s, s.quantity(constraint.property)) for s in samples], constraint.property
    axes.set_ylim(*frame([q.value for _, q in known if q is not None], constraint))
    if constraint is not None:
        shade(axes, constraint)
    low, high = axes.get_ylim()
    for sample, quantity in known:
        share = (sample.made_values or {})[parameter.name]
        if quantity is not None and low <= quantity.value <= high:
            mark(axes, share, quantity.value, sample)
        elif quantity is not None:
            is_high, step = quantity.value > high, 0.03 * (high - low)
            place = high - step if is_high else low + step
            axes.plot(share, place, ls="none", marker="^" if is_high else "v", ms=4.5, mew=0, color=ONE, alpha=0.5)
    margin = 0.03 * (parameter.upper - parameter.lower)
    axes.set_xlim(parameter.lower - margin, parameter.upper + margin)
    axes.set_xlabel(f"share of {plain_name(parameter.name)}")
    unit = "" if constraint is None or constraint.unit == "1" else f" ({constraint.unit})"
    axes.set_ylabel(f"{plain_name(name)}{unit}")


def _process(others: list[Parameter], samples: list[SampleAccount]) -> Figure:
    pairs = [(others[i], others[min(i + 1, len(others) - 1)]) for i in range(0, len(others), 2)]
    pairs = [(a, b) if a is not b else (others[0], b) for a, b in pairs]
    with plot(3.6 * len(pairs), 2.7, 1, len(pairs)) as drawn:
        for axes, (first, second) in zip(drawn.panels, pairs, strict=True):
            for sample in samples:
                made = sample.made_values or {}
                mark(axes, made[first.name], made[second.name], sample)
            for set_limits, p in ((axes.set_xlim, first), (axes.set_ylim, second)):
                margin = 0.04 * (p.upper - p.lower)
                set_limits(p.lower - margin, p.upper + margin)
            axes.set_xlabel(_named(first))
            axes.set_ylabel(_named(second))
        svg = drawn.to_svg("process", "How the samples were processed")
    caption = (
        "The same samples by how they were processed; the frame is the whole design space. Where stars and strong dots "
        "gather is where the process works."
    )
    return Figure("process", "Which processes were tried", caption, svg)


def _named(parameter: Parameter) -> str:
    name = plain_name(parameter.name)
    return name if parameter.unit == "1" else f"{name} ({parameter.unit})"
