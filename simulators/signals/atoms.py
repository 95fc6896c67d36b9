"""How single atoms and the organic cations scatter and absorb copper radiation, from the tables of `xraydb`.

Form factors: Waasmaier and Kirfel, Acta Cryst. A 51, 416 (1995); anomalous parts: Chantler, J. Phys. Chem. Ref. Data
24, 71 (1995); attenuation: Elam, Ravel and Sieber, Radiat. Phys. Chem. 63, 121 (2002).
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import xraydb
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

ENERGY = 8047.8
"""Photon energy of Cu K-alpha1 in eV (12398.42 / 1.540593)."""

_AVOGADRO = 6.02214076e23
_GRID = np.linspace(0.0, 1.0, 1001)
"""sin θ / λ in 1/Å; interpolating on this grid errs by less than 1e-4 of a form factor."""

ORGANIC: Mapping[str, tuple[tuple[str, float], ...]] = {
    # C-N 1.48 Å, turning about its middle.
    "MA": (("C", 0.74), ("N", 0.74)),
    # C-N 1.31 Å, N-C-N 125°, turning about the centroid of its three heavy atoms.
    "FA": (("C", 0.403), ("N", 1.179), ("N", 1.179)),
}
"""Atoms of a cation and their distance in Å from the point it turns about; hydrogen scatters too little to be seen.

At 300 K both cations turn freely (Weller, Chem. Commun. 51, 4180 (2015) for MA; J. Phys. Chem. Lett. 6, 3209 (2015) for
FA), so that only the distance counts. Bond lengths are textbook values.
"""

Contents = Mapping[str, float]
"""What sits on a site: share of each element or organic cation; shares of an empty part may be missing."""


@lru_cache(maxsize=64)
def _tabulated(symbol: str) -> Complexes:
    if symbol in ORGANIC:
        # Debye's average over all orientations: sin(q r) / (q r) with q = 4 π s; np.sinc holds a factor π.
        parts = [_tabulated(atom) * np.sinc(4.0 * _GRID * radius) for atom, radius in ORGANIC[symbol]]
        return np.asarray(np.sum(parts, axis=0), dtype=np.complex128)
    anomalous = complex(float(xraydb.f1_chantler(symbol, ENERGY)), float(xraydb.f2_chantler(symbol, ENERGY)))
    return np.asarray(xraydb.f0(symbol, _GRID), dtype=np.complex128) + anomalous


def scattering(contents: Contents, s: Floats) -> Complexes:
    """The mean form factor of a site in electrons, anomalous parts included.

    Args:
        contents: Share of each element, `MA` or `FA` on the site.
        s: sin θ / λ in 1/Å, from 0 to 1.

    Returns:
        Of the shape of `s`.
    """
    total = np.zeros(s.shape, dtype=np.complex128)
    for symbol, share in contents.items():
        if share > 0:
            table = _tabulated(symbol)
            total += share * (np.interp(s, _GRID, table.real) + 1j * np.interp(s, _GRID, table.imag))
    return total


@lru_cache(maxsize=64)
def _cross_section(symbol: str) -> float:
    if symbol in ORGANIC:
        return sum(_cross_section(atom) for atom, _ in ORGANIC[symbol])
    return float(xraydb.mu_elam(symbol, ENERGY)) * float(xraydb.atomic_mass(symbol)) / _AVOGADRO


def cross_section(contents: Contents) -> float:
    """The mean attenuation cross-section of a site at `ENERGY` in cm²."""
    return sum(share * _cross_section(symbol) for symbol, share in contents.items())
