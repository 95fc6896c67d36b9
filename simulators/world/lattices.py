"""The pseudo-cubic lattice parameter over compositions."""

from simulators.world.constants import WorldConstants
from simulators.world.sites import Sites, Values


def lattice(sites: Sites, constants: WorldConstants) -> Values:
    """Lattice parameter by Vegard's law over the end members, trilinear in A, B and X; Å, shape (n,)."""
    return sites.trilinear(constants.lattices)
