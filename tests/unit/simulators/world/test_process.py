"""Coating and annealing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulators.world import process
from tests.perovskites import CONSTANTS, annealed, compositions, mixed, processes, sites, steps


def test_thickness_falls_with_the_root_of_the_speed() -> None:
    """500 nm at 4000 1/min; four times as fast is half as thick [Meyerhofer 1978]."""
    slow, reference, fast = process.thickness(
        steps(annealed(speed=1000), annealed(speed=4000), annealed(speed=16000)), CONSTANTS
    )
    np.testing.assert_allclose([slow, reference, fast], [1000.0, 500.0, 250.0])


def test_the_solvate_is_gone_after_minutes_at_100_and_an_hour_at_70() -> None:
    """99 % after 8.3 min at 100 °C and only after 79 min at 70 °C."""
    left = process.solvate_left(
        steps(annealed(100, 8.3), annealed(70, 8.3), annealed(70, 79.2), annealed(100, 0)), CONSTANTS
    )
    np.testing.assert_allclose(left[[0, 2]], 0.01, rtol=0.02)
    assert left[1] > 0.8
    assert left[3] == 1.0


@given(compositions(), st.floats(500, 9000))
def test_the_antisolvent_has_one_best_moment(composition, speed) -> None:
    """Property: quality is 1 there, less before and after; drifting air moves it."""
    best = float(process.best_delay(np.array([speed]), np.array([composition.sn]), CONSTANTS)[0])
    tried = steps(*(annealed(speed=speed, delay=delay) for delay in (best, best + 8, max(best - 8, 0))))
    good, late, early = process.quality(sites(*[composition] * 3), tried, CONSTANTS)
    assert good == 1.0
    assert late < 0.61
    assert early < 1.0
    drifted = process.quality(sites(composition), steps(annealed(speed=speed, delay=best + 8)), CONSTANTS, drift=8.0)
    np.testing.assert_allclose(drifted, 1.0)


def test_methylammonium_leaves_and_formamidinium_stays() -> None:
    """At 150 °C in 30 min MAPbI3 loses 30 to 60 %, FAPbI3 less than 6 % [Juárez-Pérez 2016-19]."""
    hot = steps(annealed(150, 30))
    ma = process.cation_lost(CONSTANTS.loss_of_ma, sites(mixed(ma=1.0)), hot, CONSTANTS)[0]
    fa = process.cation_lost(CONSTANTS.loss_of_fa, sites(mixed(fa=1.0)), hot, CONSTANTS)[0]
    assert 0.30 < ma < 0.60
    assert fa < 0.06


def test_the_loss_of_formamidinium_gives_its_energy_back() -> None:
    """An Arrhenius fit to simulated losses finds 112 ± 9 kJ/mol [J. Phys. Chem. C 125, 21851 (2021)]."""
    warm = np.linspace(90, 160, 8)
    lost = process.cation_lost(
        CONSTANTS.loss_of_fa, sites(*[mixed(fa=1.0)] * 8), steps(*(annealed(t, 30) for t in warm)), CONSTANTS
    )
    rate = -np.log1p(-lost) / 1800
    slope = np.polyfit(1 / (warm + 273.15), np.log(rate), 1)[0]
    assert abs(-slope * 8.314462618e-3 - 112) < 9


def test_tin_speeds_up_the_loss() -> None:
    """Five times the rate in a pure tin film."""
    lead, tin = process.cation_lost(
        CONSTANTS.loss_of_fa, sites(mixed(fa=1.0), mixed(fa=1.0, sn=1.0)), steps(*[annealed(150, 30)] * 2), CONSTANTS
    )
    np.testing.assert_allclose(np.log1p(-tin) / np.log1p(-lead), 5.0)


def test_lead_protects_tin_beyond_dilution_in_the_anneal() -> None:
    """Half the tin oxidizes a quarter as fast; lead alone not at all; wet air and old stocks make it worse."""
    lead, half, tin = process.oxidized(
        sites(mixed(fa=1.0), mixed(fa=1.0, sn=0.5), mixed(fa=1.0, sn=1.0)),
        steps(*[annealed(100, 10)] * 3),
        CONSTANTS,
        1,
        0,
    )
    assert lead == 0.0
    np.testing.assert_allclose(np.log1p(-half) / np.log1p(-tin), 0.25)
    wet = process.oxidized(sites(mixed(fa=1.0, sn=1.0)), steps(annealed(100, 10)), CONSTANTS, 5, 0)[0]
    np.testing.assert_allclose(np.log1p(-wet) / np.log1p(-tin), 5.0)
    old = process.oxidized(sites(mixed(fa=1.0, sn=0.5)), steps(annealed(100, 0)), CONSTANTS, 1, 0.1)[0]
    np.testing.assert_allclose(old, 0.05)


def test_methylammonium_beside_tin_is_worst() -> None:
    """1.3 against 0.8 and 1."""
    weights = process.weight_of_a(sites(mixed(cs=1.0), mixed(fa=1.0), mixed(ma=1.0)), CONSTANTS)
    np.testing.assert_allclose(weights, [1.0, 0.8, 1.3])


def test_grains_grow_with_heat_and_time() -> None:
    """From 150 nm, the square linearly in time; half as large where the antisolvent missed."""
    anneals = steps(annealed(100, 0), annealed(100, 10), annealed(100, 20), annealed(130, 10))
    start, ten, twenty, hot = process.grain_size(anneals, np.ones(4), CONSTANTS)
    assert start == 150.0
    np.testing.assert_allclose(ten**2 - start**2, 40_000)
    np.testing.assert_allclose(twenty**2 - ten**2, 40_000)
    assert hot > twenty
    np.testing.assert_allclose(process.grain_size(anneals, np.zeros(4), CONSTANTS)[0], 75.0)


@given(compositions(), st.floats(0, 1))
def test_strain_is_that_of_films(composition, made) -> None:
    """Property: between 1e-4 and 2e-3."""
    assert 1e-4 <= process.microstrain(sites(composition), np.array([made]), CONSTANTS)[0] <= 2e-3


@given(processes(), st.integers(0, 100))
def test_scatter_depends_on_its_generator_alone(asked, seed) -> None:
    """Property: equal seeds scatter equally, a little, and into no negative delay."""
    first, second = (process.scattered(asked, np.random.default_rng(seed), CONSTANTS) for _ in range(2))
    assert first == second
    assert abs(first.temperature - asked.temperature) < 10
    assert first.speed > 0
    assert first.delay >= 0
    assert first.duration == asked.duration
