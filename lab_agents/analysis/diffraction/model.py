"""The calculated pattern and its derivatives.

A phase that fills the volume v of the film scatters, into the line of planes hkl, v · Σ|F|² P / V² · LP · A · D:
texture P, cell volume V, LP = (1 + cos² 2θ) / (sin² θ cos θ) [DeGraef2012], A = 1 - exp(-2 μt / sin θ) of a film of
thickness t, D = exp(-2 B sin² θ / λ²). Lines lie at 2θ + zero - 2 (shift / R) cos θ.

A phase's `amount` is the sum of its lines' areas in the pattern, because that is what counts tell; the volume that it
stands for follows with texture, absorption and thermal motion.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from lab_agents.analysis.diffraction.parameters import BACKGROUND, Layout
from lab_agents.analysis.diffraction.pattern import Array, Pattern
from lab_agents.analysis.diffraction.profile import Lines, draw_lines
from lab_agents.analysis.diffraction.reflections import Reflections

WIDE, NEAR = 5.0, 1.2
"""How far lines are drawn, degrees: a Lorentzian of 0.1° has fallen to 1e-4 of its top at 5°."""

MANY = 16
"""Planes above which lines are drawn around only."""

HUMP, BREADTH = (21.5, 24.0, 26.5), 2.2
"""Middles and Gaussian deviation (degrees) of the bells that make the glass's halo, wherever in 22-25° it peaks: as a
linear term, because a free middle or breadth runs after lines that no phase explains yet."""

NARROWEST = 1e-4
"""Least squared instrumental width (deg²): U and V may push the sum below zero in a trial step of the fit."""

MARGIN = 0.2
"""Degrees beyond the pattern's ends from where lines still count: a phase is not concluded from tails."""

NUDGE = 1e-4
"""Step of numerical derivatives: small against every expectation's deviation, large against rounding."""


@dataclass(frozen=True)
class Placed:
    """A phase's lines: where they stand, their Bragg angles (radians), their planes, and their wavelength's share."""

    lines: Lines
    theta: Array
    plane: NDArray[np.int64]
    share: Array


@dataclass(frozen=True)
class Drawn:
    """One phase at one set of parameters: its lines, their areas, and the volume that a unit of amount stands for."""

    lines: Lines
    area: Array
    volume: float

    @cached_property
    def pattern(self) -> Array:
        """Per unit of amount, shape (n,)."""
        return self.lines.summed(self.area)


class Model:
    """Calculates patterns like `pattern` from the reflections of phases."""

    def __init__(self, pattern: Pattern, reflections: dict[str, Reflections], layout: Layout) -> None:
        self.pattern, self.reflections, self.layout = pattern, reflections, layout
        grid = pattern.two_theta
        scaled = 2 * (grid - grid[0]) / (grid[-1] - grid[0]) - 1
        smooth = chebyshev.chebvander(scaled, BACKGROUND - 2 - len(HUMP))
        halo = [np.exp(-0.5 * ((grid - middle) / BREADTH) ** 2) for middle in HUMP]
        self._basis = np.column_stack([smooth, grid[0] / grid, *halo])

    def background(self, vector: Array) -> Array:
        """The background alone, shape (n,)."""
        first = self.layout.index["background.0"]
        return np.asarray(self._basis @ vector[first : first + BACKGROUND], dtype=float)

    def phase(self, name: str, vector: Array) -> Drawn:
        """One phase's lines."""
        return self._weigh(name, vector, self._draw(name, vector))

    def volumes(self, name: str, draws: Array) -> Array:
        """What a unit of a phase's amount stands for at each of `draws`, shape (draws, parameters)."""
        placed, index = self._draw(name, draws.mean(axis=0)), self.layout.index
        texture = index.get(f"{name}.texture")
        march = np.ones(1) if texture is None else np.exp(draws[:, texture])
        strength = self.reflections[name].textured(march) / (1 + draws[:, index[f"{name}.strain"]][:, None]) ** 6
        depth, thermal = draws[:, index["depth"]][:, None], draws[:, index["thermal"]][:, None]
        total = np.sum(strength[:, placed.plane] * self._seen(placed, depth, thermal), axis=1)
        return np.asarray(np.divide(1.0, total, out=np.zeros_like(total), where=total > 0), dtype=float)

    def first_line(self, name: str, vector: Array) -> tuple[float, float]:
        """Wavelength (angstrom) and Bragg angle (radians) of a phase's first line in the pattern."""
        placed = self._draw(name, vector)
        return self.pattern.wavelengths[0], float(placed.theta[placed.share == 1.0].min())

    def line_width(self, name: str, vector: Array) -> float:
        """Full width at half maximum of that line, degrees."""
        theta = np.array([self.first_line(name, vector)[1]])
        return float(self._widths(name, vector, theta)[0])

    def contributions(self, vector: Array) -> dict[str, Array]:
        """Each phase's part of the pattern."""
        index = self.layout.index
        return {p: vector[index[f"{p}.amount"]] * self.phase(p, vector).pattern for p in self.layout.phases}

    def calculate(self, vector: Array) -> Array:
        """The whole pattern, shape (n,)."""
        lines = np.sum(list(self.contributions(vector).values()), axis=0)
        return np.asarray(self.background(vector) + lines, dtype=float)

    def derive(self, vector: Array) -> tuple[Array, Array]:
        """The whole pattern, and its derivatives by all parameters, shape (n, parameters)."""
        index = self.layout.index
        jacobian = np.zeros((len(self.pattern.two_theta), len(vector)))
        first = index["background.0"]
        jacobian[:, first : first + BACKGROUND] = self._basis
        total = self._basis @ vector[first : first + BACKGROUND]
        for phase in self.layout.phases:
            total = total + self._derive_phase(phase, vector, jacobian)
        return total, jacobian

    def _derive_phase(self, phase: str, vector: Array, jacobian: Array) -> Array:
        index = self.layout.index
        amount = vector[index[f"{phase}.amount"]]
        placed = self._draw(phase, vector)
        lines, drawn = placed.lines, self._weigh(phase, vector, placed)
        jacobian[:, index[f"{phase}.amount"]] = drawn.pattern
        jacobian[:, index["zero"]] += amount * lines.shifted(drawn.area)
        lever = -2 / self.pattern.radius * np.degrees(1.0) * np.cos(placed.theta)
        jacobian[:, index["shift"]] += amount * lines.shifted(drawn.area * lever)
        for name in self._weights(phase):
            moved = self._weigh(phase, self._nudged(vector, name), placed)
            jacobian[:, index[name]] += amount * lines.summed(moved.area - drawn.area) / NUDGE
        stretched = np.degrees(-2 * np.tan(placed.theta)) / (1 + vector[index[f"{phase}.strain"]])
        jacobian[:, index[f"{phase}.strain"]] = amount * lines.shifted(drawn.area * stretched)
        jacobian[:, index[f"{phase}.lorentzian"]] = amount * lines.mixed(drawn.area)
        width = self._widths(phase, vector, placed.theta)
        for name in self._shapes(phase):
            wider = self._widths(phase, self._nudged(vector, name), placed.theta) - width
            jacobian[:, index[name]] += amount * lines.widened(wider * drawn.area) / NUDGE
        return np.asarray(amount * drawn.pattern, dtype=float)

    def _weights(self, phase: str) -> list[str]:
        return [n for n in (f"{phase}.texture", "depth", "thermal") if n in self.layout.index]

    def _shapes(self, phase: str) -> list[str]:
        names = (f"{phase}.size", f"{phase}.micro", "width", "v", "u")
        return [n for n in names if n in self.layout.index]

    def _nudged(self, vector: Array, name: str) -> Array:
        moved = vector.copy()
        moved[self.layout.index[name]] += NUDGE
        return moved

    def _draw(self, phase: str, vector: Array) -> Placed:
        index, pattern = self.layout.index, self.pattern
        spacing = self.reflections[phase].spacing * (1 + vector[index[f"{phase}.strain"]])
        sine = np.concatenate([wavelength / 2 / spacing for wavelength in pattern.wavelengths])
        limits = np.sin(np.radians([pattern.two_theta[0] - MARGIN, pattern.two_theta[-1] + MARGIN]) / 2)
        inside = (sine > limits[0]) & (sine < limits[1])
        theta = np.arcsin(sine[inside])
        height = vector[index["shift"]] / pattern.radius
        position = np.degrees(2 * theta - 2 * height * np.cos(theta)) + vector[index["zero"]]
        width = self._widths(phase, vector, theta)
        reach = NEAR if len(spacing) > MANY else WIDE
        lines = draw_lines(pattern.two_theta, position, width, float(vector[index[f"{phase}.lorentzian"]]), reach)
        plane = np.tile(np.arange(len(spacing)), 2)[inside]
        return Placed(lines, theta, plane, np.repeat([1.0, pattern.ratio], len(spacing))[inside])

    def _widths(self, phase: str, vector: Array, theta: Array) -> Array:
        """Full widths at half maximum of lines at `theta`, degrees."""
        index, tangent = self.layout.index, np.tan(theta)
        u, v, w = vector[index["u"]], vector[index["v"]], np.exp(vector[index["width"]])
        squared = np.maximum(u * tangent**2 + v * tangent + w, NARROWEST)
        squared += np.exp(2 * vector[index[f"{phase}.size"]]) / np.cos(theta) ** 2
        if f"{phase}.micro" in index:
            squared += np.exp(2 * vector[index[f"{phase}.micro"]]) * tangent**2
        return np.asarray(np.sqrt(squared), dtype=float)

    def _weigh(self, phase: str, vector: Array, placed: Placed) -> Drawn:
        index, name = self.layout.index, f"{phase}.texture"
        march = np.exp(vector[[index[name]]]) if name in index else np.ones(1)
        strain = vector[index[f"{phase}.strain"]]
        strength = self.reflections[phase].textured(march)[0] / (1 + strain) ** 6  # two cell volumes
        area = strength[placed.plane] * self._seen(placed, vector[index["depth"]], vector[index["thermal"]])
        total = float(area.sum())
        if total <= 0:  # no line of this phase lies in the pattern
            return Drawn(placed.lines, area, 0.0)
        return Drawn(placed.lines, area / total, 1 / total)

    def _seen(self, placed: Placed, depth: Array | float, thermal: Array | float) -> Array:
        """By what geometry, absorption and thermal motion multiply each line's strength, per wavelength."""
        sine = np.sin(placed.theta)
        factor = placed.share * (1 + np.cos(2 * placed.theta) ** 2) / (sine**2 * np.cos(placed.theta))
        absorbed = -np.expm1(-2 * np.exp(depth) / sine)
        return np.asarray(factor * absorbed * np.exp(-2 * thermal * (sine / self.pattern.wavelengths[0]) ** 2))
