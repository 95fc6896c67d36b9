"""Plots of how a campaign went: progress, regret, prediction against measurement, the model's held-out score."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab_agents.report.account import Account, value_of
from lab_agents.report.drawing import BAD, INK, ONE, PAPER, QUIET, THREE, TWO, plot
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.truth import Truth, regrets

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Figure:
    """A plot with what it shows and how to read it."""

    name: str
    title: str
    caption: str
    svg: str


def label(account: Account) -> str:
    """The target with its unit, for an axis."""
    if account.plan is None:
        return "value"
    target = account.plan.target
    return target.property if target.unit == "1" else f"{target.property} ({target.unit})"


def progress(account: Account, truth: Truth | None) -> Figure | None:
    """The property over samples, with the best so far."""
    samples = [s for s in account.observed_samples() if s.objective is not None]
    if not samples or account.plan is None:
        return None
    sign = account.plan.target.sign
    values = [value_of(s) for s in samples]
    best, so_far = -math.inf, []
    for value in values:
        best = max(best, sign * value)
        so_far.append(sign * best)
    frame = _frame(account, values)
    outside = [i for i, v in enumerate(values) if not frame[0] <= v <= frame[1]]
    with plot(9.4, 3.5) as drawn:
        axes = drawn.panels[0]
        for chosen, colour, marker, name in (
            (False, THREE, "s", "space-filling start"),
            (True, ONE, "o", "chosen by the model"),
        ):
            of_kind = [i for i, s in enumerate(samples) if (s.proposed.mean is not None) == chosen]
            at = [i for i in of_kind if i not in outside]
            if at:
                errors = [samples[i].objective.deviation for i in at]  # type: ignore[union-attr]
                axes.errorbar(
                    [i + 1 for i in at], [values[i] for i in at], yerr=errors, fmt=marker, color=colour, ms=4.5,
                    mec=PAPER, mew=0.5, elinewidth=0.9, label=name,
                )  # fmt: skip
            _mark_outside(axes, [i + 1 for i in of_kind if i in outside], frame, sign, colour)
        axes.set_ylim(*frame)
        axes.step(range(1, len(samples) + 1), so_far, where="post", color=INK, lw=1.4, label="best so far")
        if truth is not None:
            axes.axhline(truth.best, color=TWO, lw=1.2, ls=(0, (5, 3)), label="best in the table")
        axes.set_xlabel("samples concluded")
        axes.set_ylabel(label(account))
        axes.set_xlim(0.3, len(samples) + 0.7)
        axes.legend(ncols=2, loc="best")
        svg = drawn.to_svg("progress", "The property measured for each sample, with the best so far")
    return Figure(
        "progress", "Every sample, in the order it was concluded",
        "Bars are one standard deviation, as the analysis concluded it. The line is the best value so far."
        + (f" Triangles: {len(outside)} of {len(values)} lie beyond the frame, on the worse side." if outside else ""),
        svg,
    )  # fmt: skip


def _frame(account: Account, values: list[float]) -> tuple[float, float]:
    """Bounds of the drawn values: everything, but for samples so bad that they would flatten all others."""
    sign = account.plan.target.sign if account.plan is not None else 1.0
    ranked = sorted(sign * v for v in values)
    n = len(ranked)
    quarter, half = ranked[n // 4], ranked[n // 2]
    # As box plots do, and twice as patient.
    worst, best = max(ranked[0], half - 4 * max(half - quarter, 1e-12)), ranked[-1]
    margin = 0.06 * (best - worst) or max(abs(best), 1e-9) * 0.1
    low, high = sorted((sign * (worst - margin), sign * (best + margin)))
    return low, high


def _mark_outside(axes: "Axes", at: list[int], frame: tuple[float, float], sign: float, colour: str) -> None:
    """Triangles at the frame's worse edge."""
    if at:
        edge = frame[0] if sign > 0 else frame[1]
        inside = edge + sign * 0.025 * (frame[1] - frame[0])
        axes.plot(at, [inside] * len(at), ls="none", marker="v" if sign > 0 else "^", color=colour, ms=5.5, mew=0)


def regret(account: Account, truth: Truth | None) -> Figure | None:
    """How far the best material made was from the best recorded one, over samples."""
    samples = account.observed_samples()
    if truth is None or len(samples) < 2:
        return None
    values = regrets(samples, truth)
    floor = min([v for v in values if v > 0], default=1e-6) / 2
    with plot(9.4, 2.7) as drawn:
        axes = drawn.panels[0]
        shown = [max(v, floor) for v in values]
        axes.step(range(1, len(values) + 1), shown, where="post", color=ONE, lw=1.6)
        axes.fill_between(range(1, len(values) + 1), shown, floor, step="post", color=ONE, alpha=0.12, lw=0)
        axes.set_yscale("log")
        for show in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            show(lambda value, _: f"{value:g}" if f"{value:.0e}"[0] in "125" else "")
        axes.set_xlabel("samples concluded")
        axes.set_ylabel(f"regret, {label(account)}")
        axes.set_xlim(0.3, len(samples) + 0.7)
        if values[-1] <= 0:
            axes.annotate(
                "the table's best was made", (len(values), floor), ha="right", va="bottom", color=QUIET, fontsize=9,
                xytext=(0, 4), textcoords="offset points",
            )  # fmt: skip
        svg = drawn.to_svg("regret", "Regret over samples")
    caption = (
        "Regret is the distance between the best recorded material in the whole table and the best one made so far, by "
        "the table's mean of replicates. The agents never see it."
    )
    return Figure("regret", "How much better could it have been?", caption, svg)


def _predicted(samples: list[SampleAccount]) -> list[tuple[float, float, float, float]]:
    return [
        (s.proposed.mean, s.proposed.deviation, seen.value, seen.deviation)
        for s in samples
        if s.proposed.mean is not None and s.proposed.deviation is not None and (seen := s.objective) is not None
    ]


def coverage(account: Account) -> tuple[int, int, int] | None:
    """Measured values within one and within two predicted standard deviations, and how many were predicted."""
    rows = _predicted(account.observed_samples())
    if not rows:
        return None
    scores = [abs(y - mean) / max(math.hypot(std, noise), 1e-300) for mean, std, y, noise in rows]
    return sum(z <= 1 for z in scores), sum(z <= 2 for z in scores), len(scores)


def parity(account: Account) -> Figure | None:
    """What the model expected of each candidate against what was measured."""
    rows = _predicted(account.observed_samples())
    covered = coverage(account)
    if covered is None:
        return None
    with plot(4.4, 3.9) as drawn:
        axes = drawn.panels[0]
        outside = [abs(y - m) > 2 * math.hypot(s, n) for m, s, y, n in rows]
        for beyond, colour in ((False, ONE), (True, BAD)):
            chosen = [r for r, o in zip(rows, outside, strict=True) if o == beyond]
            if chosen:
                mean, std, y, noise = zip(*chosen, strict=True)
                axes.errorbar(
                    mean, y, xerr=std, yerr=noise, fmt="o", ms=4, color=colour, mec=PAPER, mew=0.5, elinewidth=0.7,
                    label="beyond two deviations" if beyond else "within two deviations",
                )  # fmt: skip
        low, high = min(*axes.get_xlim(), *axes.get_ylim()), max(*axes.get_xlim(), *axes.get_ylim())
        axes.plot([low, high], [low, high], color=QUIET, lw=0.9, zorder=0)
        axes.set_xlabel(f"predicted {label(account)}")
        axes.set_ylabel(f"measured {label(account)}")
        axes.legend(loc="best")
        svg = drawn.to_svg("parity", "Predicted against measured")
    one, two, n = covered
    caption = (
        f"The model's prediction before the sample was made, against what was then measured. {one} of {n} lie within "
        f"one standard deviation ({100 * one / n:.0f} %; a calibrated model has 68 %), {two} within two "
        f"({100 * two / n:.0f} %; 95 %)."
    )
    return Figure("parity", "Did the model know what it was doing?", caption, svg)


def held_out(account: Account) -> Figure | None:
    """Mean log predictive density of held-out observations, model by model."""
    points = [(m.n_observations, m.held_out) for _, m in account.models if m.held_out is not None]
    if len(points) < 2:
        return None
    with plot(4.4, 3.9) as drawn:
        axes = drawn.panels[0]
        axes.plot(*zip(*points, strict=True), color=TWO, lw=1.2, marker="o", ms=3.2, mec=PAPER, mew=0.4)
        axes.set_xlabel("observations learned from")
        axes.set_ylabel("held-out log likelihood per sample")
        svg = drawn.to_svg("heldout", "Held-out likelihood of each trained model")
    caption = (
        "Each point is one trained model: the mean log predictive density of every observation under a model that had "
        "not seen it. Higher is better."
    )
    return Figure("heldout", "Did the model get better?", caption, svg)
