"""The lines of films."""

from dataclasses import replace

import numpy as np
import pytest

from simulators.signals.film_lines import (
    coherent_length,
    film_attenuation,
    film_lines,
    lorentz_polarization,
    march,
    silicon_lines,
)
from tests.films import FAPBI3, film


def test_better_films_stand_more_upright() -> None:
    """Within the recalled ranges."""
    assert march("perovskite", film(quality=1.0)) < march("perovskite", film(quality=0.0)) <= 0.9
    assert march("pbi2", film(quality=1.0)) >= 0.3
    assert march("sni2", film()) == 1.0


def test_no_grain_diffracts_over_more_than_the_film() -> None:
    """Shorter than grain and film."""
    assert coherent_length(film(grain=1000.0, thickness=300.0)) < 300.0


def test_a_film_attenuates_by_the_volume_of_its_phases() -> None:
    """Half lead iodide lies between both."""
    pure, mixed, salt = (
        film_attenuation(film(phases=shares))
        for shares in ({"perovskite": 1.0}, {"perovskite": 0.5, "pbi2": 0.5}, {"pbi2": 1.0})
    )
    assert mixed == pytest.approx((pure + salt) / 2)


def test_lines_are_weighted_by_volume() -> None:
    """A tenth of a phase has a tenth of the weight, and an absent one has no lines."""
    found = film_lines(film(phases={"perovskite": 0.9, "delta_fa": 0.1, "sni2": 0.0}))
    assert len(found) == 2
    assert found[1].weight / found[0].weight == pytest.approx(1 / 9)


def test_the_chloride_lies_at_its_own_lattice() -> None:
    """5.74 angstrom in a film of formamidinium, whatever the film's own lattice."""
    (chloride,) = film_lines(film(replace(FAPBI3, i=0.9, cl=0.1), phases={"cl_perovskite": 1.0}))
    assert chloride.reflections.s.min() == pytest.approx(1 / (2 * 5.74))


def test_the_solvate_lies_below_ten_degrees() -> None:
    """Its lines are at 6.55 to 9.17 degrees."""
    (solvate,) = film_lines(film(phases={"solvate": 1.0}))
    angles = 2 * np.degrees(np.arcsin(solvate.reflections.s * 1.540593))
    assert angles == pytest.approx([6.55, 7.21, 9.17], abs=0.02)


def test_low_angles_are_favoured() -> None:
    """The Lorentz and polarization factors fall from 14 to 45 degrees by a factor of ten."""
    low, high = lorentz_polarization(np.radians(np.array([7.0, 22.5])))
    assert 8 < low / high < 16


def test_silicon_is_sharp() -> None:
    """Grains of a micrometre without strain."""
    assert (silicon_lines().length, silicon_lines().strain) == (1000.0, 0.0)
