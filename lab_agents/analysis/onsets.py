"""Which edge of an absorbance is the film's, or why there is none to read."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lab_agents.analysis.edges import ABOVE, BELOW, BINDING, KINDS, Edge, Kind, fit_edge
from lab_agents.analysis.spectra import Absorbance

BLIND = 1.15
"""Gap in eV below which an edge cannot be told from a baseline: the range ends at 1.127 eV (1100 nm)."""

HIGHEST = 3.2
"""Energy in eV above which glass and everything else absorb."""

FAINTEST = 0.03
"""Absorbance 0.1 eV above the gap: below it an edge is no higher than thickness fringes."""

SIGNIFICANT = 4.0
"""Least amplitude in its standard deviations: it is known to a tenth at best, since baseline and growth tilt it."""

WIDEST = 0.06
"""Broadening in eV beyond which a rise is a thickness fringe or the slope of a band, not an edge at room
temperature."""

LONGEST_TAIL = 0.05
"""Tail in eV beyond which a rise is that of two phases at once: disordered perovskites have 30 meV at most. The next
rise above is no more the perovskite's, so that none is read."""

LOWEST = -0.06
"""Absorbance below which no baseline lies: drift and fringes reach -0.05 where nothing is reflected."""

VAGUEST = 0.02
"""Largest deviation of a gap in eV that is still a gap: with more, the edge was not found."""

CLEAREST = 0.20
"""Absorbance below an edge that reflection explains (0.1), with fringes and drift; with more, something else absorbs
below, and the edge is not the lowest."""

YELLOW = 2.25
"""Energy in eV from which lead iodide and the yellow phases absorb (2.3 to 2.8 eV), but no perovskite with less than
four fifths bromide and chloride does: CH3NH3Pb(I,Br)3 reaches it at 95 % bromide [Noh2013]
(Noh et al., Nano Lett. 13, 1764 (2013))."""

PALE = 0.8
"""Share of bromide and chloride from which a perovskite's gap may lie above `YELLOW`."""

BINDINGS: Mapping[str, float] = MappingProxyType({"pb": 0.013, "sn": 0.006, "br": 0.015})
"""What each part of a composition adds to the exciton binding energy, in eV. Iodides of lead have 12 to 16 meV
[Miyata2015, Galkowski2016], mixed ones of lead and tin less [Galkowski2019]; pure bromides 22 to 25 meV and more
[Galkowski2016]. That of tin iodides alone, about 6 meV, is an assumption.

[Miyata2015] Nat. Phys. 11, 582. [Galkowski2016] Energy Environ. Sci. 9, 962. [Galkowski2019] ACS Energy Lett. 4, 615.
"""

THICKEST = 2.5
"""Absorbance above which stray light, not the film, decides what is read."""

_GRID, _HALF, _FEWEST = 0.005, 0.03, 30
ONE_KIND: tuple[Kind, ...] = ((0.5, None),)
"""The kind of edge that is fitted to see where an edge is: its gap is a few meV off at worst."""

_LOOKS, _CENTRED = 4, 0.04  # windows are moved until the edge stands within 40 meV of their middle

Array = NDArray[np.float64]


def find_edge(absorbance: Absorbance, made: Mapping[str, float], kinds: tuple[Kind, ...] = KINDS) -> Edge | str:
    """The lowest edge of the film, or the reason why no gap can be read.

    Args:
        absorbance: Of the film.
        made: Its composition; `br` and `cl` decide whether an edge above 2.25 eV can be a perovskite's.
        kinds: Kinds of edge to fit; `ONE_KIND` takes a fifth of the time where the gap itself is not asked for.
    """
    usable = (absorbance.value < THICKEST) & (absorbance.energy < HIGHEST + ABOVE)
    energy, value, noise = absorbance.energy[usable], absorbance.value[usable], absorbance.noise[usable]
    refusal = f"no edge from {absorbance.energy[0]:.3g} to {HIGHEST:g} eV"
    for start in _candidates(energy, value, noise):
        if np.sum((energy > start - BELOW) & (energy < start + ABOVE)) < _FEWEST:
            continue
        edge = _follow((energy, value, noise), start, kinds, _binding(made))
        if edge is None:
            continue
        reason = _refuse(edge, absorbance, made)
        if reason is None:
            return edge
        if not reason.startswith("faint"):
            return reason
        refusal = f"absorbance too small; {reason}"
    if _floor(absorbance) > CLEAREST:
        return _blind(absorbance)
    return refusal


def _follow(data: tuple[Array, Array, Array], start: float, kinds: tuple[Kind, ...], binding: float) -> Edge | None:
    """The edge near `start`, fitted in a window about itself; None where the fit walks away."""
    energy = data[0]
    for _ in range(_LOOKS):
        glance = fit_edge(*data, start, ONE_KIND, binding)
        if abs(glance.gap - start) < _CENTRED:
            is_enough = kinds == ONE_KIND or not _is_seen(glance)
            return glance if is_enough else fit_edge(*data, start, kinds, binding)
        start = glance.gap
        if np.sum((energy > start - BELOW) & (energy < start + ABOVE)) < _FEWEST:
            return None
    return None


def _binding(made: Mapping[str, float]) -> float:
    """The exciton binding energy in eV that is expected of a composition."""
    if "pb" not in made and "sn" not in made:
        return BINDING
    return sum(each * made.get(part, 0.0) for part, each in BINDINGS.items())


def _candidates(energy: Array, value: Array, noise: Array) -> list[float]:
    """Energies of steepest rise, ascending: at most four that are steep as far as they can be seen."""
    grid = np.arange(energy[0], min(energy[-1], HIGHEST), _GRID)
    if len(grid) < 2 * round(_HALF / _GRID) + 2:
        return []
    near = np.searchsorted(energy, [grid - 2 * _GRID, grid + 2 * _GRID])
    total = np.concatenate([[0.0], np.cumsum(value)])
    is_empty = near[1] == near[0]
    smooth = (total[near[1]] - total[near[0]]) / np.maximum(near[1] - near[0], 1)
    smooth[is_empty] = np.interp(grid[is_empty], energy, value)
    half = round(_HALF / _GRID)
    rise = smooth[2 * half :] - smooth[: -2 * half]
    centres = grid[half:-half]
    least = max(0.02, 3 * float(np.median(noise)))
    reach = round(0.1 / _GRID)
    found = []
    for i, steep in enumerate(rise):
        near = rise[max(0, i - reach) : i + reach + 1]
        if steep >= least and steep == near.max():
            found.append(float(centres[i]))
    return found[:4]


def _refuse(edge: Edge, absorbance: Absorbance, made: Mapping[str, float]) -> str | None:
    height = float(edge.film(np.array([edge.gap + 0.1]))[0])
    if not _is_seen(edge):
        return f"faint: a rise at {edge.gap:.2f} ± {edge.deviation:.2f} eV, {height:.2g} high, is no more than a fringe"
    if edge.gap < BLIND or (edge.level > CLEAREST and _floor(absorbance) > CLEAREST):
        return _blind(absorbance)
    if edge.shape.tail > LONGEST_TAIL:
        return (
            f"the rise at {edge.gap:.2f} eV has a tail of {1e3 * edge.shape.tail:.0f} meV, more than a perovskite's: "
            "two phases absorb there, and their edges cannot be told apart"
        )
    if edge.deviation > VAGUEST:
        known = f"{edge.gap:.2f} ± {edge.deviation:.2f} eV"
        return f"the edge at {known} is unlike a perovskite's, and its gap cannot be read"
    shares = [made[name] for name in ("br", "cl") if name in made]
    if edge.gap > YELLOW and shares and sum(shares) < PALE:
        return (
            f"the lowest edge, at {edge.gap:.2f} eV, is that of lead iodide or a yellow phase: a perovskite with "
            f"{sum(shares):.0%} bromide and chloride absorbs below {YELLOW:g} eV"
        )
    return None


def _is_seen(edge: Edge) -> bool:
    """Whether it is an edge, and no fringe."""
    height = float(edge.film(np.array([edge.gap + 0.1]))[0])
    is_odd = edge.shape.width > WIDEST or edge.level < LOWEST
    return not is_odd and edge.significance >= SIGNIFICANT and height >= FAINTEST


def _floor(absorbance: Absorbance) -> float:
    """The absorbance at the lowest energies, mean of 20 meV."""
    return float(absorbance.value[absorbance.energy < absorbance.energy[0] + 0.02].mean())


def _blind(absorbance: Absorbance) -> str:
    return (
        f"the edge lies beyond the range: the film absorbs {_floor(absorbance):.2g} at {absorbance.energy[0]:.3f} eV "
        f"already, and a gap below {BLIND:g} eV cannot be read"
    )
