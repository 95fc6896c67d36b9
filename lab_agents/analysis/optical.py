"""Spectra of films: the direct band gap, and what a light soak did to it and to the absorbance."""

import math

from lab_agents.analysis.ageing import Ageing, compare_edges
from lab_agents.analysis.concluded import Concluded, Conclusions, Missing
from lab_agents.analysis.edges import Edge
from lab_agents.analysis.evidence import BEFORE, Evidence
from lab_agents.analysis.onsets import ONE_KIND, find_edge
from lab_agents.analysis.spectra import HC, find_absorbance

NAME = "elliott_edge"

WAVELENGTH = 0.3
"""Standard deviation of a spectrometer's wavelengths in nm: assumption, as data sheets state their accuracy."""


def conclude_spectrum(evidence: Evidence) -> Conclusions:
    """The `gap` in eV; with a spectrum from before a soak `gap_after`, `gap_shift` (eV, after - before) and `kept` (1).

    `kept` is the share of the absorbance above the baseline that is left 0.3 eV above the gap, each at its own gap. A
    gap that cannot be read is missing, with the reason; so is then what rests on it.

    Args:
        evidence: Its `raw` is a `Spectrum` as JSON. Its settings may declare `start`, `stop` (nm) and `points`. In
            `earlier`, `blank` is the batch's bare substrate and `before` the film's spectrum before the soak.

    Raises:
        UnreadableError: If a spectrum is none, or shorter than declared.
        UnusableError: If the detector was dark, saturated or negative.
    """
    after = find_absorbance(evidence, evidence.raw)
    edge = find_edge(after, evidence.made.values)
    # The gap of a film is that of the fresh one: what light made of it is another property.
    values, missing = _gap("gap_after" if BEFORE in evidence.earlier else "gap", edge)
    if BEFORE not in evidence.earlier:
        return Conclusions(values, missing)
    before = find_absorbance(evidence, evidence.earlier[BEFORE])
    first = find_edge(before, evidence.made.values, ONE_KIND)  # what is compared rests on its shape, not on its gap
    if isinstance(first, str):
        reason = f"no gap before the soak: {first}"
        return Conclusions(values, (*missing, Missing("gap_shift", reason), Missing("kept", reason)))
    ageing = compare_edges(before, after, first, edge if isinstance(edge, Edge) else None)
    kept = Concluded("kept", ageing.kept, ageing.kept_deviation, "1", NAME)
    if isinstance(edge, str):
        lost = Missing("gap_shift", f"no gap after the soak: {edge}")
        return Conclusions((*values, kept), (*missing, lost))
    return Conclusions((*values, _shift(ageing, edge), kept), missing)


def _gap(name: str, edge: Edge | str) -> tuple[tuple[Concluded, ...], tuple[Missing, ...]]:
    if isinstance(edge, str):
        return (), (Missing(name, edge),)
    return (Concluded(name, edge.gap, math.hypot(edge.deviation, _calibration(edge)), "eV", NAME),), ()


def _shift(ageing: Ageing, edge: Edge) -> Concluded:
    # the grating is driven anew for each spectrum, so that the two errors do not cancel
    deviation = math.hypot(ageing.shift_deviation, math.sqrt(2) * _calibration(edge))
    return Concluded("gap_shift", ageing.shift, deviation, "eV", NAME)


def _calibration(edge: Edge) -> float:
    return edge.gap**2 / HC * WAVELENGTH
