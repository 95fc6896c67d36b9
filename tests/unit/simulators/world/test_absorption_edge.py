"""The edge of the absorption."""

from hypothesis import given

from simulators.world.absorption_edge import broadening, exciton, urbach
from tests.perovskites import CONSTANTS, compositions, mixed, sites


def test_pure_lead_iodide_has_the_published_edge() -> None:
    """A tail of 15 meV [JPCL viewpoint 2015] and an exciton of 16 meV."""
    made = sites(mixed(ma=1.0))
    assert (urbach(made, CONSTANTS)[0], exciton(made, CONSTANTS)[0]) == (0.015, 0.016)


@given(compositions())
def test_edges_are_those_of_films(composition) -> None:
    """Property: tail 15 to 30, exciton 5 to 25, width 25 to 40 meV."""
    made = sites(composition)
    assert 0.015 - 1e-12 <= urbach(made, CONSTANTS)[0] <= 0.030 + 1e-12
    assert 0.005 - 1e-12 <= exciton(made, CONSTANTS)[0] <= 0.025 + 1e-12
    assert 0.025 - 1e-12 <= broadening(made, CONSTANTS)[0] <= 0.040 + 1e-12
