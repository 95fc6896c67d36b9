"""Carriers, their mobility, and the sheet resistance of a film."""

import numpy as np

from simulators.world.constants import WorldConstants
from simulators.world.sites import Sites, Values

CHARGE = 1.602176634e-19
"""C, exact."""
_CENTIMETRES = 1e-7
"""Per nanometre."""


def carriers(sites: Sites, oxidized: Values, constants: WorldConstants) -> Values:
    """Hole density in cm⁻³: tin vacancies dope, and each oxidized tin dopes more."""
    c = constants
    logarithm = c.carriers + c.carriers_tin * sites.sn + c.carriers_oxidation * oxidized
    return np.asarray(10.0 ** np.minimum(logarithm, c.carriers_limit))


def mobility(sites: Sites, holes: Values, constants: WorldConstants) -> Values:
    """Mobility in cm²/(V s): from lead to tin in the logarithm, lowered by the scattering at many holes."""
    c = constants
    pure = c.mobility_pb * (c.mobility_sn / c.mobility_pb) ** sites.sn
    return np.clip(pure / (1 + holes / c.mobility_carriers), 1.0, c.mobility_limit)


def sheet_resistance(
    holes: Values, moving: Values, height: Values, perovskite: Values, constants: WorldConstants
) -> Values:
    """Sheet resistance in ohm per square.

    The conductivity of the perovskite (`holes` in cm⁻³, `moving` in cm²/(V s)) is lowered by what does not conduct as
    in an effective medium of spheres: by (3 f - 1)/2, nothing below a third [Bruggeman 1935, recalled].

    Args:
        holes: cm⁻³.
        moving: Mobility, cm²/(V s).
        height: Thickness, nm.
        perovskite: Volume share of the perovskite.
        constants: The table.
    """
    connected = np.maximum((3 * perovskite - 1) / 2, 0.0)
    conductivity = CHARGE * holes * moving * connected + constants.conductivity_floor
    return np.asarray(1 / (conductivity * height * _CENTIMETRES))
