"""The calculated pattern and its derivatives."""

import numpy as np
import pytest

from lab_agents.analysis.diffraction.composition import Filling
from lab_agents.analysis.diffraction.model import Model
from lab_agents.analysis.diffraction.parameters import Layout
from lab_agents.analysis.diffraction.pattern import Array, Pattern
from lab_agents.analysis.diffraction.reflections import find_reflections

FILLING = Filling((("FA", 1.0),), (("Pb", 1.0),), (("I", 1.0),))
PHASES = ("perovskite", "pbi2")
GRID = 8 + 0.02 * np.arange(1850)


@pytest.fixture(scope="module")
def model() -> Model:
    pattern = Pattern(GRID, np.full(1850, 100.0), 0.02, (1.540593, 1.544414), 0.5, 240.0, 0.5)
    reflections = {phase: find_reflections(phase, FILLING) for phase in PHASES}
    return Model(pattern, reflections, Layout(PHASES, {}))


@pytest.fixture(scope="module")
def vector(model: Model) -> Array:
    index = model.layout.index
    values = model.layout.start.copy()
    for name, value in {"background.0": 100.0, "perovskite.amount": 800.0, "pbi2.amount": 150.0, "zero": 0.01}.items():
        values[index[name]] = value
    return values


def test_derivatives_are_those_of_the_pattern(model: Model, vector: Array) -> None:
    """Each column against a small step; a cell's size moves lines, its small effect on areas is left out."""
    calculated, jacobian = model.derive(vector)
    for name, n in model.layout.index.items():
        moved = vector.copy()
        moved[n] += 1e-6
        change = (model.calculate(moved) - calculated) / 1e-6
        if np.abs(change).max() > 1e-3:
            assert np.abs(jacobian[:, n] - change).max() < 0.06 * np.abs(change).max(), name


def test_a_phases_lines_sum_to_its_amount(model: Model, vector: Array) -> None:
    """Both wavelengths, all lines; Lorentzian tails beyond five degrees are left out."""
    lines = model.contributions(vector)["perovskite"]
    assert lines.sum() * 0.02 == pytest.approx(800.0, rel=0.03)


def test_a_film_that_lies_too_high_shows_its_lines_at_lower_angles(model: Model, vector: Array) -> None:
    """-2 s cos θ / R: 0.05 mm at 240 mm are 0.024°."""
    high = vector.copy()
    high[model.layout.index["shift"]] = 0.05
    low_line = (GRID > 13) & (GRID < 15)

    def middle(values: Array) -> float:
        part = model.contributions(values)["perovskite"][low_line]
        return float(part @ GRID[low_line] / part.sum())

    assert middle(high) - middle(vector) == pytest.approx(-0.0237, abs=0.001)


def test_more_texture_means_less_volume_for_the_same_first_lines(model: Model, vector: Array) -> None:
    """PbI2 that lies flat is bright: a unit of its lines stands for less of it."""
    flat = vector.copy()
    flat[model.layout.index["pbi2.texture"]] = np.log(0.35)
    assert model.phase("pbi2", flat).volume < model.phase("pbi2", vector).volume


def test_the_first_line_of_the_perovskite_is_its_100(model: Model, vector: Array) -> None:
    """At 14°, as wide as the parameters say."""
    _, theta = model.first_line("perovskite", vector)
    assert 2 * np.degrees(theta) == pytest.approx(14.05, abs=0.05)
    assert 0.05 < model.line_width("perovskite", vector) < 0.3
