"""Where in the design space the samples lie: pairs of parameters, and triangle or tetrahedron for mixtures."""

import math
from itertools import combinations
from typing import TYPE_CHECKING

from lab_agents.records.space import DesignSpace
from lab_agents.report.account import Account, value_of
from lab_agents.report.drawing import INK, ONE, QUIET, RULE, THREE, plot
from lab_agents.report.figures import Figure
from lab_agents.report.sample_account import SampleAccount

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Point = tuple[float, float]
_MOST_PAIRS = 10
"""More panels than this are too small to read; the first ones are shown."""


def composition(account: Account) -> list[Figure]:
    """The composition plots that suit the campaign's design space."""
    samples = [s for s in account.observed_samples() if s.made_values is not None]
    if account.plan is None or not samples:
        return []
    space = account.plan.space
    figures = []
    if space.is_mixture and len(space.parameters) in (3, 4):
        figures.append(_mixture(account, space, samples))
    if len(space.parameters) >= 2:
        figures.append(_pairs(account, space, samples))
    return figures


def corners(n: int) -> list[Point]:
    """Where the pure components of a mixture of three or four are drawn; four are a tetrahedron seen from above."""
    if n == 3:
        return [(0.0, 0.0), (1.0, 0.0), (0.5, math.sqrt(3) / 2)]
    return [(0.0, 0.16), (0.62, 0.0), (1.05, 0.38), (0.48, 0.98)]


def project(fractions: list[float], at: list[Point]) -> Point:
    """The drawn position of a mixture: the corners' mean, weighted by fractions."""
    total = math.fsum(fractions) or 1.0
    x = math.fsum(f * c[0] for f, c in zip(fractions, at, strict=True)) / total
    y = math.fsum(f * c[1] for f, c in zip(fractions, at, strict=True)) / total
    return x, y


def ranks(account: Account, samples: list[SampleAccount]) -> list[float]:
    """Each sample's place from 0 (worst) to 1 (best)."""
    sign = account.plan.target.sign if account.plan is not None else 1.0
    order = sorted(range(len(samples)), key=lambda i: sign * value_of(samples[i]))
    result = [0.0] * len(samples)
    for place, index in enumerate(order):
        result[index] = place / max(len(samples) - 1, 1)
    return result


def _scatter(axes: "Axes", points: list[Point], places: list[float], large: float) -> None:
    """Worse samples small and pale, better ones large and strong; the best is ringed."""
    for (x, y), place in sorted(zip(points, places, strict=True), key=lambda p: p[1]):
        axes.plot(
            x, y, marker="o", ls="none", color=ONE, alpha=0.25 + 0.65 * place, ms=large * (0.45 + 0.55 * place), mew=0,
            zorder=2 + place,
        )  # fmt: skip
        if place == 1.0:
            axes.plot(x, y, marker="o", ls="none", mfc="none", mec=INK, mew=1.2, ms=large * 1.6, zorder=5)


def _mixture(account: Account, space: DesignSpace, samples: list[SampleAccount]) -> Figure:
    names = [p.name for p in space.parameters]
    at = corners(len(names))
    outline = [names.index(n) for n in names]
    with plot(4.4, 3.9) as drawn:
        axes = drawn.panels[0]
        axes.set_axis_off()
        axes.set_aspect("equal")
        for a, b in combinations(outline, 2):
            hidden = len(names) == 4 and {a, b} == {0, 2}
            axes.plot(*zip(at[a], at[b], strict=True), color=RULE, lw=1.1, ls=":" if hidden else "-", zorder=0)
        for name, (x, y) in zip(names, at, strict=True):
            away = (x - 0.52, y - 0.4)
            size = math.hypot(*away) or 1.0
            axes.annotate(
                name, (x, y), xytext=(14 * away[0] / size, 12 * away[1] / size), textcoords="offset points",
                ha="center", va="center", color=QUIET,
            )  # fmt: skip
        _scatter(axes, _projected(samples, names, at), ranks(account, samples), 8.5)
        svg = drawn.to_svg("mixture", "Samples in the mixture")
    shape = "triangle" if len(names) == 3 else "tetrahedron"
    caption = (
        f"Each sample as it was made, in the {shape} of mixtures: a corner is a pure component. Larger and stronger is "
        "better; the ring marks the best."
    )
    return Figure("mixture", "Where the agents looked", caption, svg)


def _projected(samples: list[SampleAccount], names: list[str], at: list[Point]) -> list[Point]:
    return [project([(s.made_values or {})[n] for n in names], at) for s in samples]


def _pairs(account: Account, space: DesignSpace, samples: list[SampleAccount]) -> Figure:
    pairs = list(combinations(space.parameters, 2))[:_MOST_PAIRS]
    columns = min(3, len(pairs))
    rows = -(-len(pairs) // columns)
    places = ranks(account, samples)
    with plot(2.45 * columns, 2.25 * rows, rows, columns) as drawn:
        for axes, (first, second) in zip(drawn.panels, pairs, strict=False):
            made = [s.made_values or {} for s in samples]
            _scatter(axes, [(m[first.name], m[second.name]) for m in made], places, 6.5)
            if space.is_mixture:
                axes.plot([0, 1], [1, 0], color=THREE, lw=0.8, ls=(0, (4, 3)), zorder=1)
            for set_limits, p in ((axes.set_xlim, first), (axes.set_ylim, second)):
                margin = 0.04 * (p.upper - p.lower)
                set_limits(p.lower - margin, p.upper + margin)
            axes.set_xlabel(_named(first.name, first.unit))
            axes.set_ylabel(_named(second.name, second.unit))
        for axes in drawn.panels[len(pairs) :]:
            axes.set_visible(False)
        svg = drawn.to_svg("pairs", "Samples by pairs of parameters")
    line = " The dashed line is where the other components are absent." if space.is_mixture else ""
    caption = f"The same samples by pairs of parameters, as made.{line}"
    return Figure("pairs", "Pair by pair", caption, svg)


def _named(name: str, unit: str) -> str:
    return name if unit == "1" else f"{name} ({unit})"
