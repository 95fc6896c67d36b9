"""Least squares with expectations."""

import numpy as np
import pytest

from lab_agents.analysis.diffraction.composition import Filling
from lab_agents.analysis.diffraction.model import Model
from lab_agents.analysis.diffraction.parameters import Layout
from lab_agents.analysis.diffraction.pattern import Pattern
from lab_agents.analysis.diffraction.refinement import refine
from lab_agents.analysis.diffraction.reflections import find_reflections

FILLING = Filling((("FA", 1.0),), (("Pb", 1.0),), (("I", 1.0),))
GRID = 8 + 0.02 * np.arange(1850)
TRUTH = {"zero": 0.012, "perovskite.amount": 900.0, "perovskite.strain": 0.0015, "perovskite.texture": -0.4}


def test_what_the_model_made_is_refined_back_within_the_stated_deviations() -> None:
    """Texture, cell and amount from a Poisson pattern of the model itself, over ten noises."""
    reflections = {"perovskite": find_reflections("perovskite", FILLING)}
    layout = Layout(("perovskite",), {})
    empty = Pattern(GRID, np.zeros(1850), 0.02, (1.540593, 1.544414), 0.5, 240.0, 0.5)
    vector = layout.start.copy()
    vector[layout.index["background.0"]] = 120.0
    for name, value in TRUTH.items():
        vector[layout.index[name]] = value
    expected = Model(empty, reflections, layout).calculate(vector)
    scores = []
    for seed in range(10):
        counts = np.random.default_rng(seed).poisson(expected).astype(float)
        model = Model(Pattern(GRID, counts, 0.02, (1.540593, 1.544414), 0.5, 240.0, 0.5), reflections, layout)
        start = layout.start.copy()
        start[layout.index["background.0"]], start[layout.index["perovskite.amount"]] = 100.0, 500.0
        refined = refine(model, start)
        assert refined.reduced == pytest.approx(1.0, abs=0.15)
        names = ("perovskite.amount", "perovskite.texture")
        scores += [(refined.value(name) - TRUTH[name]) / refined.deviation(name) for name in names]
    assert np.sqrt(np.mean(np.square(scores))) < 1.7
