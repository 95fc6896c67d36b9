"""The shape of a direct absorption edge: continuum and exciton, broadened, with an exponential tail below.

[Elliott1957] Elliott, Phys. Rev. 108, 1384 (1957): absorption of electron and hole that attract each other.
[Saba2014] Saba et al., Nat. Commun. 5, 5049 (2014): edges of lead halide perovskites fitted so, broadened by 1 / cosh.
[Urbach1953] Urbach, Phys. Rev. 92, 1324 (1953): the exponential tail.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP = 0.002
"""Grid in eV: a twelfth of a usual broadening, so that linear interpolation errs by less than 1e-3."""

REACH = 0.9
"""The grid spans the gap ± this in eV; beyond, the shape is held at its last value."""

WINGS, WIDEST = 9.0, 0.5
"""Half width of the broadening in standard deviations, and at most in eV: 1 / cosh is then below 1e-6."""

_CENTRES = STEP * (np.arange(-round(REACH / STEP), round(REACH / STEP)) + 0.5)  # no centre at 0, where it jumps
_STATES = 4  # exciton states with lines of their own; the last stands for all higher ones, 4 % of the strength

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
    """An edge over the energy above the gap, in eV: absorption in eV^½, and its slope."""

    absorption: Array
    slope: Array

    def at(self, energy: Array) -> Array:
        """The absorption at `energy` above the gap (eV), shape (n,)."""
        return np.interp(energy, _CENTRES, self.absorption)

    def slope_at(self, energy: Array) -> Array:
        """Its derivative, per eV."""
        return np.interp(energy, _CENTRES, self.slope)


def edge_curve(shape: Shape) -> Curve:
    """The absorption of a direct edge; far above the gap it is the square root of E - Eg, times its growth.

    Continuum 2 pi sqrt(B) / (1 - exp(-2 pi sqrt(B / (E - Eg)))) and lines 4 pi B^1.5 / n^3 at Eg - B / n^2, B the
    binding [Elliott1957], are broadened; below the energy at which the logarithmic slope reaches 1 / tail the curve
    goes on as an exponential, with continuous slope [Urbach1953].
    """
    bare = np.zeros_like(_CENTRES)
    above = _CENTRES > 0
    root = 2 * math.pi * math.sqrt(shape.binding)
    bare[above] = root / -np.expm1(-root / np.sqrt(_CENTRES[above])) * (1 + shape.growth * _CENTRES[above])
    half = math.ceil(min(WINGS * shape.width, WIDEST) / STEP)
    kernel = _line(STEP * np.arange(-half, half + 1), shape)
    padded = np.concatenate([np.zeros(half), bare, np.full(half, bare[-1])])
    curve = np.convolve(padded, kernel / kernel.sum(), mode="valid") + _exciton(shape)
    curve = np.maximum(curve, 1e-12 * np.max(curve))  # a logarithm follows
    curve = _with_tail(curve, shape.tail) if shape.joint is None else _with_kink(curve, shape.tail, shape.joint)
    return Curve(curve, np.gradient(curve, STEP))


def _line(energy: NDArray[np.floating], shape: Shape) -> Array:
    """Both line shapes have the standard deviation `width` and the area 1."""
    deviation = energy / shape.width
    gaussian = np.exp(-0.5 * deviation**2) / math.sqrt(2 * math.pi)
    decay = np.exp(-math.pi / 2 * np.abs(deviation))  # 1 / cosh without overflow
    line: Array = ((1 - shape.peaked) * gaussian + shape.peaked * decay / (1 + decay**2)) / shape.width
    return line


def _exciton(shape: Shape) -> Array:
    lines = np.zeros_like(_CENTRES)
    strength = 4 * math.pi * shape.binding**1.5 / np.arange(1, 40) ** 3
    for n in range(1, _STATES + 1):
        weight = strength[n - 1] if n < _STATES else float(strength[n - 1 :].sum())
        lines += weight * _line(_CENTRES + shape.binding / n**2, shape)
    return lines


def _with_kink(curve: Array, tail: float, joint: float) -> Array:
    level = np.interp(joint, _CENTRES, curve)
    falling = np.exp(np.minimum((_CENTRES - joint) / tail, 0.0))
    return np.where(joint > _CENTRES, level * falling, curve)


def _with_tail(curve: Array, tail: float) -> Array:
    logarithm = np.log(curve)
    slope = np.gradient(logarithm, STEP)
    steep = np.flatnonzero((slope > 1 / tail) & (_CENTRES < 0.1))
    if len(steep) == 0:
        return curve
    last = int(steep[-1])  # the highest energy at which the curve is steeper than the tail
    share = (slope[last] - 1 / tail) / max(slope[last] - slope[last + 1], 1e-9)
    joint = _CENTRES[last] + STEP * share
    level = logarithm[last] + STEP * share * (slope[last] + 1 / tail) / 2
    below = joint > _CENTRES
    joined = curve.copy()
    joined[below] = np.exp(level + (_CENTRES[below] - joint) / tail)
    return joined
