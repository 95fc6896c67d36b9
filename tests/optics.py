"""Spectra of films for the tests of analysis: written from textbook formulas, by quadrature, with seeded noise."""

import json
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lab_agents.analysis.evidence import Evidence
from lab_agents.records.sample import AsMade

Array = NDArray[np.float64]

WAVELENGTH = np.arange(350.0, 1101.0)
MADE = AsMade(values={"br": 0.1, "cl": 0.0}, deviations={"br": 0.01, "cl": 0.01})
_ABOVE = np.linspace(0, 1.0, 801) ** 2 * 2.6 + 1e-9  # continuum, dense at the gap


@dataclass(frozen=True)
class Film:
    """A film to make a spectrum of; energies in eV, `thickness` in nm, `strength` 1 for 3.2e4 / cm at gap + 0.3 eV."""

    gap: float = 1.5
    thickness: float = 500.0
    tail: float = 0.02
    binding: float = 0.01
    width: float = 0.03
    growth: float = 1.0
    strength: float = 1.0
    line: str = "gauss"
    joint: str = "splice"
    fringes: str = "fading"
    phase: float = 0.0


def draw_film(rng: np.random.Generator, **fixed: object) -> Film:
    """A film within the ranges that halide perovskites have."""
    film = Film(
        gap=rng.uniform(1.2, 1.9),
        thickness=rng.uniform(250, 700),
        tail=rng.uniform(0.015, 0.030),
        binding=rng.uniform(0.005, 0.016),
        width=rng.uniform(0.025, 0.040),
        growth=rng.uniform(0.0, 2.5),
        line=str(rng.choice(["gauss", "sech", "winged"])),
        joint=str(rng.choice(["splice", "none", "kink"])),
        fringes=str(rng.choice(["steady", "fading"])),
        phase=rng.uniform(0, 6),
    )
    return replace(film, **fixed)  # type: ignore[arg-type]


def _line(x: Array, film: Film) -> Array:
    w = film.width
    gauss = np.exp(-0.5 * (x / w) ** 2) / (w * np.sqrt(2 * np.pi))
    if film.line == "gauss":
        return gauss
    if film.line == "sech":
        return 1 / (2 * w * np.cosh(np.clip(np.pi * x / (2 * w), -300, 300)))
    return 0.8 * gauss + 0.2 * np.exp(-np.abs(x) / w) / (2 * w)


def _broadened(energy: Array, film: Film) -> Array:
    root = 2 * np.pi * np.sqrt(film.binding)
    continuum = root / -np.expm1(-root / np.sqrt(_ABOVE)) * (1 + film.growth * _ABOVE) * np.gradient(_ABOVE)
    total = _line(energy[:, None] - film.gap - _ABOVE[None, :], film) @ continuum
    for n in range(1, 8):
        total += 4 * np.pi * film.binding**1.5 / n**3 * _line(energy - film.gap + film.binding / n**2, film)
    return total


def absorption(energy: Array, film: Film) -> Array:
    """Absorption coefficient in 1/nm over photon energy in eV, shape (n,)."""
    alpha = _broadened(energy, film)
    if film.joint == "kink":  # an exponential from the gap on, whatever the slope there
        joint = film.gap - 0.02
        alpha = np.where(
            energy < joint, _broadened(np.array([joint]), film) * np.exp((energy - joint) / film.tail), alpha
        )
    if film.joint == "splice":
        grid = np.arange(film.gap - 0.4, film.gap + 0.05, 0.001)
        below = np.maximum(_broadened(grid, film), 1e-200)
        steep = np.flatnonzero(np.gradient(np.log(below), grid) > 1 / film.tail)
        if len(steep):
            joint = grid[steep[-1]]
            alpha = np.where(energy < joint, below[steep[-1]] * np.exp((energy - joint) / film.tail), alpha)
    return 3.2e-3 * film.strength * alpha / _broadened(np.array([film.gap + 0.3]), film)


def transmittance(film: Film, rng: np.random.Generator, noise: float = 0.002, drift: float = 0.005) -> Array:
    """What a spectrometer reads at `WAVELENGTH`: reflection of 15 %, fringes of 6 %, noise and drift in absorbance."""
    energy = 1239.84198 / (WAVELENGTH + rng.normal(0, 0.3))
    depth = absorption(energy, film) * film.thickness
    fading = np.exp(-depth) if film.fringes == "fading" else 1.0
    fringe = 0.06 * np.cos(4 * np.pi * 2.4 * film.thickness / WAVELENGTH + film.phase) * fading
    value = -np.log10(0.85 * np.exp(-depth) * (1 + fringe))
    return 10 ** -(value + rng.normal(0, drift) + rng.normal(0, noise, len(WAVELENGTH)))


def spectrum(readings: Array, **changes: object) -> bytes:
    """The raw record of readings at `WAVELENGTH`; `changes` replace fields."""
    return json.dumps({"wavelength": WAVELENGTH.tolist(), "transmittance": readings.tolist()} | changes).encode()


def evidence(raw: bytes, **earlier: bytes) -> Evidence:
    """A spectrum with what was measured earlier."""
    return Evidence(raw, {}, MADE, earlier)
