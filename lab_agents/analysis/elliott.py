"""The shape of a direct absorption edge: continuum and exciton, broadened, with an exponential tail below.

[Elliott1957] Elliott, Phys. Rev. 108, 1384 (1957): absorption of electron and hole that attract each other.
[Saba2014] Saba et al., Nat. Commun. 5, 5049 (2014): edges of lead halide perovskites fitted so, broadened by 1 / cosh.
[Urbach1953] Urbach, Phys. Rev. 92, 1324 (1953): the exponential tail.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP = 0.0025
"""Grid in eV: a tenth of a usual broadening, so that linear interpolation errs by less than 1e-3."""

REACH = 0.75
"""The grid spans the gap ± this in eV; beyond, the shape is held at its last value."""

WINGS, WIDEST = 9.0, 0.5
"""Half width of the broadening in standard deviations, and at most in eV: 1 / cosh is then below 1e-6."""

_CENTRES = STEP * (np.arange(-round(REACH / STEP), round(REACH / STEP)) + 0.5)  # no centre at 0, where it jumps
_ZERO = round(REACH / STEP)  # the first cell above the gap
_ABOVE = _CENTRES[_ZERO:]
_ROOTS = np.sqrt(_ABOVE)
_HIGHEST_JOINT = _ZERO + round(0.1 / STEP)  # no tail reaches 0.1 eV above the gap
_LEVELS = (1.0, 1 / 4, 1 / 9, 1 / 16)  # the last stands for all higher ones, 4 % of the strength
_STRENGTHS = (*(4 * math.pi / n**3 for n in (1, 2, 3)), 4 * math.pi * sum(n**-3 for n in range(4, 40)))

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """What an edge looks like, wherever it lies.

    Attributes:
        binding: Of the exciton, eV, > 0.
        width: Standard deviation of the broadening, eV, > 0.
        tail: Energy in which the absorption below the edge falls to 1/e, eV, > 0.
        growth: By how much it rises faster than the square root of a parabolic band, 1/eV.
        peaked: Share of 1 / cosh in the broadening, 0 to 1; the rest is Gaussian.
        joint: Energy from the gap, eV, < 0.1, below which the curve is the tail, with a kink; None where the tail goes
            on from the curve without one.
    """

    binding: float
    width: float
    tail: float
    growth: float
    peaked: float
    joint: float | None = None


@dataclass(frozen=True)
class Curve:
    """An edge over the energy above the gap, in eV: absorption in eV^½."""

    absorption: Array

    def at(self, energy: Array) -> Array:
        """The absorption at `energy` above the gap (eV), shape (n,)."""
        return np.interp(energy, _CENTRES, self.absorption)

    def slope_at(self, energy: Array) -> Array:
        """Its derivative, per eV."""
        return np.interp(energy, _CENTRES, np.gradient(self.absorption, STEP))


def edge_curve(shape: Shape) -> Curve:
    """The absorption of a direct edge; far above the gap it is the square root of E - Eg, times its growth.

    Continuum 2 pi sqrt(B) / (1 - exp(-2 pi sqrt(B / (E - Eg)))) and lines 4 pi B^1.5 / n^3 at Eg - B / n^2, B the
    binding [Elliott1957], are broadened; below the energy at which the logarithmic slope reaches 1 / tail the curve
    goes on as an exponential, with continuous slope [Urbach1953].
    """
    half = math.ceil(min(WINGS * shape.width, WIDEST) / STEP)
    kernel = _line(STEP * np.arange(-half, half + 1), shape)
    bare = np.zeros(len(_CENTRES) + 2 * half)
    root = 2 * math.pi * math.sqrt(shape.binding)
    bare[half + _ZERO : half + len(_CENTRES)] = root / -np.expm1(-root / _ROOTS) * (1 + shape.growth * _ABOVE)
    bare[half + len(_CENTRES) :] = bare[half + len(_CENTRES) - 1]
    _add_exciton(bare[half:], shape.binding)
    curve = np.convolve(bare, kernel / kernel.sum(), mode="valid")
    curve = np.maximum(curve, 1e-12 * curve[-1])  # a logarithm follows
    curve = _with_tail(curve, shape.tail) if shape.joint is None else _with_kink(curve, shape.tail, shape.joint)
    return Curve(curve)


def _line(energy: NDArray[np.floating], shape: Shape) -> Array:
    """Both line shapes have the standard deviation `width` and the area 1."""
    deviation = energy / shape.width
    line = np.zeros_like(deviation)
    if shape.peaked < 1:
        line += (1 - shape.peaked) / math.sqrt(2 * math.pi) * np.exp(-0.5 * deviation**2)
    if shape.peaked > 0:
        decay = np.exp(-math.pi / 2 * np.abs(deviation))  # 1 / cosh without overflow
        line += shape.peaked * decay / (1 + decay**2)
    return line / shape.width


def _add_exciton(bare: Array, binding: float) -> None:
    """Add each line to the two cells about its place: that widens it by less than a step, and a broadening follows."""
    for strength, level in zip(_STRENGTHS, _LEVELS, strict=True):
        place = _ZERO - 0.5 - level * binding / STEP
        cell = math.floor(place)
        weight = strength * binding**1.5 / STEP
        bare[cell] += weight * (cell + 1 - place)
        bare[cell + 1] += weight * (place - cell)


def _with_kink(curve: Array, tail: float, joint: float) -> Array:
    level = np.interp(joint, _CENTRES, curve)
    falling = np.exp(np.minimum((_CENTRES - joint) / tail, 0.0))
    return np.where(joint > _CENTRES, level * falling, curve)


def _with_tail(curve: Array, tail: float) -> Array:
    logarithm = np.log(curve[:_HIGHEST_JOINT])
    slope = (logarithm[2:] - logarithm[:-2]) / (2 * STEP)
    steep = np.flatnonzero(slope[:-1] > 1 / tail)
    if len(steep) == 0:
        return curve
    last = int(steep[-1])  # the highest energy at which the curve is steeper than the tail
    share = (slope[last] - 1 / tail) / max(slope[last] - slope[last + 1], 1e-9)
    joint = _CENTRES[last + 1] + STEP * share
    level = logarithm[last + 1] + STEP * share * (slope[last] + 1 / tail) / 2
    n = int(np.searchsorted(_CENTRES, joint))
    joined = curve.copy()
    joined[:n] = np.exp(level + (_CENTRES[:n] - joint) / tail)
    return joined
