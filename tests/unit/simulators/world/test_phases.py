"""Phases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.world.film_state import PHASES
from simulators.world.phases import chloride_share, divide, transitions, yellow_share
from tests.perovskites import CONSTANTS, mixed, sites

ROOM = 298.0


def test_the_transitions_are_the_published_ones() -> None:
    """CsPbI3 near 583 K, CsSnI3 near 425 K, FAPbI3 near 423 K, within 15 K."""
    lead, tin, formamidinium = sites(mixed(cs=1.0)), sites(mixed(cs=1.0, sn=1.0)), sites(mixed(fa=1.0))
    assert abs(transitions(lead, CONSTANTS).delta_cs[0] - 583) < 15
    assert abs(transitions(tin, CONSTANTS).delta_cs[0] - 425) < 15
    assert abs(transitions(formamidinium, CONSTANTS).delta_fa[0] - 423) < 15


@pytest.mark.parametrize(
    "stable",
    [mixed(fa=1.0, sn=1.0), mixed(fa=1.0, br=1.0), mixed(fa=0.85, cs=0.15), mixed(ma=1.0), mixed(cs=1, br=1)],
)
def test_what_is_known_to_stay_black_does(stable) -> None:
    """FASnI3, FAPbBr3, Cs.15FA.85PbI3, MAPbI3 and CsPbBr3 are black at room temperature."""
    changes = transitions(sites(stable), CONSTANTS)
    assert changes.delta_cs[0] < ROOM
    assert changes.delta_fa[0] < ROOM


def test_a_film_is_black_once_annealed_beyond_its_transition() -> None:
    """Yellow below, mostly black above, where quenching holds it."""
    cold, hot = yellow_share(np.array([420.0, 420.0]), np.array([100.0, 170.0]), CONSTANTS)
    assert cold > 0.99
    assert hot < 0.2


def test_a_high_transition_is_not_quenched() -> None:
    """CsPbI3 reverts, however hot it was."""
    assert yellow_share(np.array([591.0]), np.array([400.0]), CONSTANTS)[0] > 0.99


def test_a_stable_black_phase_needs_no_heat() -> None:
    """Below room temperature a transition does not matter."""
    assert yellow_share(np.array([250.0]), np.array([25.0]), CONSTANTS)[0] == 0.0


def test_chloride_dissolves_up_to_its_limit_and_bromide_helps() -> None:
    """4 % in the iodide; beyond it a second phase grows."""
    within, beyond, helped = chloride_share(
        sites(mixed(fa=1.0, cl=0.04), mixed(fa=1.0, cl=0.1), mixed(fa=1.0, br=0.2, cl=0.1)), CONSTANTS
    )
    assert within == 0.0
    assert beyond > 0.05
    assert helped == 0.0


@given(st.lists(st.tuples(st.sampled_from([*PHASES[1:], "salts"]), st.floats(0, 1)), max_size=9), st.floats(0, 1))
def test_shares_sum_to_one_and_the_perovskite_is_the_product(losses, lead) -> None:
    """Property: nothing is lost and nothing is negative, whatever happened."""
    shares = divide([(phase, np.array([share])) for phase, share in losses], np.array([lead]))
    assert set(shares) == set(PHASES)
    np.testing.assert_allclose(sum(share[0] for share in shares.values()), 1.0)
    np.testing.assert_allclose(shares["perovskite"][0], np.prod([1 - share for _, share in losses]), atol=1e-12)
    assert all(share[0] >= 0 for share in shares.values())


def test_salts_are_those_of_the_metals() -> None:
    """Three of four metal atoms lead: three of four salts lead iodide."""
    shares = divide([("salts", np.array([0.4]))], np.array([0.75]))
    np.testing.assert_allclose([shares["pbi2"][0], shares["sni2"][0]], [0.3, 0.1])
