"""How strongly a film absorbs light: the direct edge of its perovskite, and the edges of the phases beside it."""

import numpy as np

from simulators.signals.atoms import Floats
from simulators.world.film_state import FilmState

PLANCK = 1239.84198
"""h c in eV nm."""

_STRENGTH = 5e4
"""Absorption coefficient in 1/cm at 0.5 eV above the gap: order of De Wolf, J. Phys. Chem. Lett. 5, 1035 (2014)."""

_BENDING = 5.0
"""Growth of absorption beyond the parabolic bands in 1/eV; gives 1e4 /cm at 0.05 eV above the gap (assumption)."""

_GRID_STEP = 0.002
"""eV; a tenth of the narrowest broadening keeps the sum over the line as good as the integral."""

_EDGES = {
    "delta_fa": 2.48,
    "delta_cs": 2.82,
    "pbi2": 2.38,
    "sni2": 2.4,
    "a2sni6": 1.6,
    "cl_perovskite": 3.0,
    "solvate": 3.0,
}
"""Onset of absorption in eV of the phases beside the perovskite (recalled, ±0.1)."""


def _continuum(above: Floats, exciton: float) -> Floats:
    """Elliott's continuum per unit: sqrt(E - Eg) times Sommerfeld's enhancement; zero below the gap."""
    excess = np.maximum(above, 1e-9)
    enhanced = 2 * np.pi * np.sqrt(exciton) / (1.0 - np.exp(-2 * np.pi * np.sqrt(exciton / excess)))
    return np.where(above > 0, enhanced * (1.0 + _BENDING * excess), 0.0)


def elliott(energy: Floats, gap: float, exciton: float, broadening: float) -> Floats:
    """Relative absorption of a direct edge with its exciton (Elliott, Phys. Rev. 108, 1384, 1957), Gaussian-broadened.

    The exciton's lines n = 1 to 3 lie at Eg - Eb / n² with the weight 4 π Eb^(3/2) / n³ [eV^(1/2) per eV].

    Args:
        energy: In eV, ascending or not.
        gap: Eg in eV.
        exciton: Eb in eV, above 0.
        broadening: Standard deviation of the Gaussian in eV.
    """
    low, high = float(energy.min()) - 6 * broadening, float(energy.max()) + 6 * broadening
    grid = np.arange(low, high + _GRID_STEP, _GRID_STEP)
    # Mean over each cell of the grid: the step at the gap is sharper than the grid.
    fine = (grid[:, None] - gap) + np.linspace(-0.5, 0.5, 11)[None, :] * _GRID_STEP
    sharp = _continuum(fine, exciton).mean(axis=1)
    reach = int(6 * broadening / _GRID_STEP)
    offsets = np.arange(-reach, reach + 1) * _GRID_STEP
    kernel = np.exp(-0.5 * (offsets / broadening) ** 2)
    smooth = np.convolve(sharp, kernel / kernel.sum(), mode="same")
    total = np.interp(energy, grid, smooth)
    for n in (1, 2, 3):
        line = np.exp(-0.5 * ((energy - gap + exciton / n**2) / broadening) ** 2) / (broadening * np.sqrt(2 * np.pi))
        total = total + 4 * np.pi * exciton**1.5 / n**3 * line
    return np.asarray(total)


def edge(energy: Floats, film: FilmState) -> Floats:
    """Absorption coefficient in 1/cm of a film's perovskite: Elliott's edge with Urbach's exponential tail below.

    The tail takes over where the broadened edge would begin to fall faster than exp(E / Eu).

    Raises:
        ValueError: If the film has no gap.
    """
    if film.gap is None:
        raise ValueError("A film without a gap has no edge; ask for the absorption of its other phases alone.")
    grid = np.arange(film.gap - 0.4, max(float(energy.max()), film.gap + 0.6) + _GRID_STEP, _GRID_STEP)
    relative = np.maximum(elliott(grid, film.gap, film.exciton, film.broadening), 1e-300)
    scale = _STRENGTH / np.interp(film.gap + 0.5, grid, relative)
    steep = np.gradient(np.log(relative), _GRID_STEP) > 1.0 / film.urbach
    below = np.flatnonzero(steep & (grid < film.gap))
    joint = int(below[-1]) + 1 if below.size else 0
    tail = relative[joint] * np.exp((energy - grid[joint]) / film.urbach)
    return np.asarray(scale * np.where(energy < grid[joint], tail, np.interp(energy, grid, relative)))


def absorbance(energy: Floats, film: FilmState) -> Floats:
    """Absorption times thickness of a film over photon energies in eV, natural logarithm, phases weighted by volume.

    What light has destroyed of the perovskite (`absorbance_kept`) is gone at every energy.
    """
    total = np.zeros(energy.shape)
    for phase, share in film.phases.items():
        if phase == "perovskite":
            if film.gap is not None:
                total += share * film.absorbance_kept * edge(energy, film)
        elif share > 0:
            excess = np.maximum(energy - _EDGES[phase], 0.0)
            total += share * 1.2e5 * np.sqrt(excess)
    return np.asarray(total * film.thickness * 1e-7)
