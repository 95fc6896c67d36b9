"""Diffraction patterns of the best samples, with the phases that were fitted to them."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lab_agents.analysis.errors import AnalysisError
from lab_agents.blobs import Blobs
from lab_agents.report.account import Account
from lab_agents.report.drawing import FIVE, FOUR, INK, ONE, QUIET, SIX, THREE, TWO, plot
from lab_agents.report.figures import Figure
from lab_agents.report.raw_data import N_SHOWN, evidence_of, last_of_kind
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.wording import with_deviation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lab_agents.analysis.diffraction.conclusions import PatternFit

KIND = "pattern"
LEAST_SHOWN = 0.002
"""Volume fraction from which a phase is named: less is no more than the pattern's noise."""

_COLOURS = (TWO, THREE, FIVE, SIX, FOUR)


def patterns(account: Account, blobs: Blobs | None, n: int = N_SHOWN) -> Figure | None:
    """Patterns of the leading samples; None where no pattern was taken or its record is gone."""
    if blobs is None:
        return None
    fits = [(s, fit) for s in account.leading(n) if (fit := _fit(account, s, blobs)) is not None]
    if not fits:
        return None
    with plot(9.4, 2.4 * len(fits) + 0.3, len(fits), 1) as drawn:
        for axes, (sample, fit) in zip(drawn.panels, fits, strict=True):
            _panel(axes, sample, fit)
        drawn.panels[-1].set_xlabel("diffraction angle 2θ (°)")
        svg = drawn.to_svg("patterns", "Diffraction patterns of the best samples with fitted phases")
    caption = (
        "Grey: counts as the diffractometer gave them, on a square-root scale so that weak lines show. Line: the fit. "
        "Filled: what each phase contributes above the background; a clean film shows perovskite lines only. Fractions "
        "are by volume, with one standard deviation."
    )
    return Figure("patterns", "What diffraction says of them", caption, svg)


def _fit(account: Account, sample: SampleAccount, blobs: Blobs) -> "PatternFit | None":
    # imported here, because it imports pymatgen (seconds), which most reports do not need
    from lab_agents.analysis.diffraction.conclusions import fit_pattern

    taken = last_of_kind(sample, KIND)
    evidence = evidence_of(account, sample, taken, blobs) if taken is not None else None
    try:
        return None if evidence is None else fit_pattern(evidence)
    except AnalysisError:
        return None


def _panel(axes: "Axes", sample: SampleAccount, fit: "PatternFit") -> None:
    axes.set_yscale("function", functions=(_root, np.square))
    axes.plot(fit.two_theta, fit.counts, color=QUIET, lw=0.6, alpha=0.75)
    axes.plot(fit.two_theta, fit.calculated, color=INK, lw=0.8)
    others = iter(_COLOURS * 2)
    for phase, lines in sorted(fit.contributions.items(), key=lambda item: -fit.fractions[item[0]].value):
        fraction = fit.fractions[phase]
        if fraction.value < LEAST_SHOWN:
            continue
        colour = ONE if phase == "perovskite" else next(others)
        named = f"{phase.replace('_', ' ')} {with_deviation(fraction.value, fraction.deviation)}"
        # Where a phase has no line its fill is nothing but bytes.
        drawn = lines > 0.002 * lines.max()
        top = np.where(drawn, fit.background + lines, np.nan)
        axes.fill_between(
            fit.two_theta, fit.background, top, where=drawn.tolist(), color=colour, alpha=0.45, lw=0, label=named
        )
    axes.set_xlim(float(fit.two_theta[0]), float(fit.two_theta[-1]))
    axes.set_ylim(max(0.0, float(fit.counts.min()) * 0.8), float(fit.counts.max()) * 1.1)
    axes.set_ylabel("counts")
    axes.set_title(f"{sample.id}: lattice {fit.lattice:.3f} Å", loc="left")
    axes.legend(loc="upper right", ncols=2)


def _root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(np.maximum(values, 0.0))
