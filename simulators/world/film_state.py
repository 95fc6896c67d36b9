"""What a film is: the one record that instruments' forward models see of the hidden world."""

from collections.abc import Mapping
from dataclasses import dataclass

PHASES = ("perovskite", "delta_fa", "delta_cs", "pbi2", "sni2", "a2sni6", "cl_perovskite", "solvate")
"""Phases that a film may hold: the black perovskite, the yellow ones, salts, the double perovskite, a chloride-rich
perovskite and the unconverted solvate."""


@dataclass(frozen=True)
class Composition:
    """Site fractions of ABX3: A = cs + fa + ma = 1, B = Pb(1 - sn) Sn(sn), X = i + br + cl = 1."""

    cs: float
    fa: float
    ma: float
    sn: float
    i: float
    br: float
    cl: float

    @property
    def pb(self) -> float:
        """The share of lead on the B site."""
        return 1.0 - self.sn


@dataclass(frozen=True)
class Process:
    """How a film was made, as it really was and not as it was asked for.

    Annealed at `temperature` (°C) for `duration` (s), spun at `speed` (1/min) with the antisolvent `delay` (s) after
    the start.
    """

    temperature: float
    duration: float
    speed: float
    delay: float


@dataclass(frozen=True)
class FilmState:
    """A film as it is.

    Attributes:
        composition: Site fractions as made.
        thickness: nm.
        gap: Direct gap of the black phase at 300 K in eV; None where there is too little of it to have one.
        urbach: Energy of the absorption tail, eV.
        exciton: Exciton binding energy, eV.
        broadening: Gaussian width of the edge, eV.
        phases: Volume share of each of `PHASES`; they sum to one.
        lattice: Pseudo-cubic lattice parameter of the perovskite, Å.
        grain: Grain size, nm.
        strain: Microstrain, relative.
        quality: Of the antisolvent step, 0 to 1.
        absorbance_kept: Share of the fresh absorbance that is left; 1 before any light.
        carriers: Hole density, cm⁻³.
        mobility: cm²/(V s).
        sheet_resistance: ohm per square.
        dose: Light taken so far, sun·s; by it a second soak continues the first.
    """

    composition: Composition
    thickness: float
    gap: float | None
    urbach: float
    exciton: float
    broadening: float
    phases: Mapping[str, float]
    lattice: float
    grain: float
    strain: float
    quality: float
    absorbance_kept: float
    carriers: float
    mobility: float
    sheet_resistance: float
    dose: float = 0.0
