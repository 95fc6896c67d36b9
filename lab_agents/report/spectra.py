"""Absorption spectra of the best samples, with the edge that was fitted to them, before and after light."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab_agents.analysis.edges import Edge
from lab_agents.analysis.errors import AnalysisError
from lab_agents.analysis.onsets import find_edge
from lab_agents.analysis.spectra import Absorbance, find_absorbance
from lab_agents.blobs import Blobs
from lab_agents.report.account import Account
from lab_agents.report.drawing import FOUR, INK, ONE, TWO, plot
from lab_agents.report.figures import Figure
from lab_agents.report.raw_data import N_SHOWN, evidence_of
from lab_agents.report.sample_account import SampleAccount

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KIND = "spectrum"
BELOW, ABOVE = 0.3, 0.5
"""Photon energies in eV about the gap that are drawn: the baseline below, the continuum above."""

_COLOURS = (ONE, TWO)
_BELOW_KEY = 0.8  # share of a panel's height that vertical lines take, so that they do not cross its key


@dataclass(frozen=True)
class _Drawn:
    """One spectrum: when it was taken in the sample's course, its absorbance, its edge or why there is none."""

    name: str
    absorbance: Absorbance
    edge: Edge | str


def spectra(account: Account, blobs: Blobs | None, n: int = N_SHOWN) -> Figure | None:
    """Spectra of the leading samples; None where none was taken or its record is gone."""
    if blobs is None:
        return None
    found = [(s, taken) for s in account.leading(n) if (taken := _spectra(account, s, blobs))]
    if not found:
        return None
    with plot(9.4, 3.3, 1, max(2, len(found))) as drawn:
        for axes, (sample, several) in zip(drawn.panels, found, strict=False):
            _panel(axes, account, sample, several)
        for axes in drawn.panels[len(found) :]:
            axes.set_visible(False)
        drawn.panels[0].set_ylabel("absorbance")
        svg = drawn.to_svg("spectra", "Absorption spectra of the best samples with the fitted edge")
    caption = (
        "Dots: absorbance as the spectrometer gave it, against the blank substrate. Line: the fitted edge with its "
        "baseline, without thickness fringes. Dashed: the gap, shaded by one standard deviation; the green band is "
        "what the target asks for. A film that light does not change has its two spectra on top of each other."
    )
    return Figure("spectra", "Where they absorb", caption, svg)


def _spectra(account: Account, sample: SampleAccount, blobs: Blobs) -> list[_Drawn]:
    found = []
    taken = {m.step: m for m in sample.measurements if m.kind == KIND}
    names = ("as made", "after light") if len(taken) > 1 else ("as made",)
    for name, step in zip(names, (min(taken, default=0), max(taken, default=0)), strict=False):
        evidence = evidence_of(account, sample, taken[step], blobs) if step in taken else None
        if evidence is None:
            continue
        try:
            absorbance = find_absorbance(evidence, evidence.raw)
        except AnalysisError:
            continue
        found.append(_Drawn(name, absorbance, find_edge(absorbance, evidence.made.values)))
    return found


def _panel(axes: "Axes", account: Account, sample: SampleAccount, several: list[_Drawn]) -> None:
    edges = [d.edge for d in several if isinstance(d.edge, Edge)]
    centre = edges[0].gap if edges else 1.6
    band = next((c for c in account.plan.target.constraints if c.property == "gap"), None) if account.plan else None
    if band is not None and band.lower is not None and band.upper is not None:
        axes.axvspan(band.lower, band.upper, ymax=_BELOW_KEY, color=FOUR, alpha=0.16, lw=0)
    for one, colour in zip(several, _COLOURS, strict=False):
        energy, value = one.absorbance.energy, one.absorbance.value
        use = (energy > centre - BELOW) & (energy < centre + ABOVE)
        axes.plot(energy[use], value[use], ls="none", marker="o", ms=1.8, mew=0, color=colour, alpha=0.55)
        gap = ""
        if isinstance(one.edge, Edge):
            grid = np.linspace(one.edge.gap - BELOW, one.edge.gap + BELOW, 120)
            line = one.edge.film(grid) + one.edge.level + one.edge.slope * (grid - one.edge.gap)
            axes.plot(grid, line, color=colour, lw=1.3)
            axes.axvline(one.edge.gap, ymax=_BELOW_KEY, color=colour, lw=0.9, ls=(0, (4, 3)))
            spread = one.edge.deviation
            axes.axvspan(one.edge.gap - spread, one.edge.gap + spread, ymax=_BELOW_KEY, color=colour, alpha=0.22, lw=0)
            gap = f": {one.edge.gap:.3f} ± {spread:.3f} eV"
        axes.plot([], [], color=colour, label=f"{one.name}{gap or ': no gap'}")
    axes.set_title(sample.id, loc="left", color=INK)
    axes.set_xlabel("photon energy (eV)")
    axes.set_xlim(centre - BELOW, centre + ABOVE)
    # The upper fifth is for the key.
    axes.set_ylim(0, axes.get_ylim()[1] / _BELOW_KEY)
    axes.legend(loc="upper left", fontsize=8)
