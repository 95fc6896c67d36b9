"""Tolerance factors of ABX3 from the mean radius on each site."""

import math
from dataclasses import dataclass

import numpy as np

from simulators.world.constants import WorldConstants
from simulators.world.sites import Sites, Values


@dataclass(frozen=True)
class ToleranceFactors:
    """Of n compositions.

    Attributes:
        t: Goldschmidt's (rA + rX) / (sqrt(2) (rB + rX)).
        mu: The octahedral factor rB / rX.
        tau: Bartel's factor; below 4.18 a compound is likely a perovskite.
    """

    t: Values
    mu: Values
    tau: Values


def tolerance_factors(sites: Sites, constants: WorldConstants) -> ToleranceFactors:
    """The factors of each composition, its radii averaged over each site."""
    return factors_of_radii(
        np.asarray(sites.a @ np.array(constants.radii_a)),
        np.asarray(sites.b @ np.array(constants.radii_b)),
        np.asarray(sites.x @ np.array(constants.radii_x)),
    )


def factors_of_radii(a: Values, b: Values, x: Values, charge: Values | float = 1.0) -> ToleranceFactors:
    """The factors from radii (Å) of A, B and X, and the charge of A [Goldschmidt 1926; Bartel, Sci. Adv. 2019].

    tau = rX/rB - nA (nA - (rA/rB) / ln(rA/rB)); defined for rA > rB.
    """
    ratio = a / b
    return ToleranceFactors(
        t=np.asarray((a + x) / (math.sqrt(2) * (b + x))),
        mu=np.asarray(b / x),
        tau=np.asarray(x / b - charge * (charge - ratio / np.log(ratio))),
    )
