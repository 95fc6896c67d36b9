"""What the planner expected of every property against what was then measured."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab_agents.report.account import Account
from lab_agents.report.drawing import BAD, ONE, PAPER, QUIET, plot
from lab_agents.report.figures import Figure
from lab_agents.report.target_words import plain_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 2


@dataclass(frozen=True)
class Pair:
    """A prediction with the measurement that followed it, in the property's unit."""

    mean: float
    deviation: float
    value: float
    noise: float

    @property
    def score(self) -> float:
        """Distance in standard deviations, of prediction and measurement together."""
        return abs(self.value - self.mean) / max(math.hypot(self.deviation, self.noise), 1e-300)


def pairs_of(account: Account) -> dict[str, list[Pair]]:
    """By property, in the target's order: the samples of which it was both predicted and measured."""
    found: dict[str, list[Pair]] = {}
    for name in account.plan.target.properties if account.plan is not None else ():
        for sample in account.observed_samples():
            expected, seen = sample.proposed.predictions.get(name), sample.observations.get(name)
            if expected is not None and seen is not None:
                found.setdefault(name, []).append(Pair(expected.mean, expected.deviation, seen.value, seen.deviation))
    return found


def covered(pairs: list[Pair], within: float) -> float:
    """The share of measurements within so many standard deviations of their prediction."""
    return sum(p.score <= within for p in pairs) / len(pairs)


def predictions(account: Account) -> Figure | None:
    """A panel for each property that was predicted; None where none was."""
    found = pairs_of(account)
    if not found or account.plan is None:
        return None
    rows = -(-len(found) // _COLUMNS)
    with plot(9.4, 3.0 * rows, rows, _COLUMNS) as drawn:
        for axes, (name, pairs) in zip(drawn.panels, found.items(), strict=False):
            unit = account.plan.target.units[name]
            _panel(axes, pairs, plain_name(name) if unit == "1" else f"{plain_name(name)} ({unit})")
        for axes in drawn.panels[len(found) :]:
            axes.set_visible(False)
        svg = drawn.to_svg("predictions", "Predicted against measured, property by property")
    told = [
        f"{plain_name(name)} {100 * covered(pairs, 1):.0f} % and {100 * covered(pairs, 2):.0f} % of {len(pairs)}"
        for name, pairs in found.items()
    ]
    caption = (
        "Each point is a sample: across what the model expected before it was made, upwards what was then measured. On "
        "the line they agree; red lies beyond two standard deviations. Within one and two standard deviations lie: "
        f"{'; '.join(told)}. A calibrated model has 68 % and 95 %."
    )
    return Figure("predictions", "Did the model know what it was doing?", caption, svg)


def _panel(axes: "Axes", pairs: list[Pair], name: str) -> None:
    for beyond, colour in ((False, ONE), (True, BAD)):
        chosen = [p for p in pairs if (p.score > 2) == beyond]
        if chosen:
            axes.errorbar(
                [p.mean for p in chosen], [p.value for p in chosen], xerr=[p.deviation for p in chosen],
                yerr=[p.noise for p in chosen], fmt="o", ms=4, color=colour, mec=PAPER, mew=0.5, elinewidth=0.6,
            )  # fmt: skip
    low, high = min(*axes.get_xlim(), *axes.get_ylim()), max(*axes.get_xlim(), *axes.get_ylim())
    axes.plot([low, high], [low, high], color=QUIET, lw=0.9, zorder=0)
    axes.set_xlabel(f"predicted {name}")
    axes.set_ylabel("measured")
