"""Which phases a film holds beside the black perovskite."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from simulators.world.constants import WorldConstants
from simulators.world.film_state import PHASES
from simulators.world.kinetics import ZERO_CELSIUS
from simulators.world.sites import Sites, Values
from simulators.world.tolerance import tolerance_factors


@dataclass(frozen=True)
class Transitions:
    """Temperatures (K, shape (n,)) above which the black phase is the stable one."""

    delta_cs: Values
    delta_fa: Values


def transitions(sites: Sites, constants: WorldConstants) -> Transitions:
    """Yellow-to-black transition temperatures: of delta-Cs by tau, of delta-FA by t, which tau cannot see."""
    factors, c = tolerance_factors(sites, constants), constants
    return Transitions(
        delta_cs=np.asarray(c.yellow_reference + c.cs_slope * (factors.tau - c.cs_tau)),
        delta_fa=np.asarray(
            c.yellow_reference
            + c.fa_slope * (factors.t - c.fa_t)
            - c.fa_bromide * sites.br
            - c.fa_chloride * sites.cl
            - c.fa_tin * sites.sn
        ),
    )


def yellow_share(transition: Values, temperature: Values, constants: WorldConstants) -> Values:
    """Share of a film that is yellow at room temperature, after an anneal at `temperature` (°C).

    The larger of what the anneal did not convert and what reverted when the film was quenched, and none of it where
    the black phase is the stable one at room temperature.
    """
    c = constants
    unconverted = expit(-(temperature + ZERO_CELSIUS - transition) / c.conversion_width)
    reverted = expit((transition - c.reversion_temperature) / c.reversion_width)
    metastable = expit((transition - c.yellow_reference) / c.stability_width)
    share = np.maximum(unconverted, reverted) * metastable
    return np.where(transition > c.yellow_reference, share, 0.0)


def chloride_share(sites: Sites, constants: WorldConstants) -> Values:
    """Share of the chloride-rich second phase, from the chloride beyond its solubility."""
    c = constants
    excess = np.maximum(sites.cl - c.chloride_solubility - c.chloride_bromide * sites.br, 0.0)
    return np.clip(c.chloride_excess * excess * (sites.i + c.chloride_in_bromide * sites.br), 0.0, 1.0)


def divide(losses: Iterable[tuple[str, Values]], lead: Values) -> dict[str, Values]:
    """Shares of every phase, from what each loss takes of what the losses before it left.

    The perovskite is what all leave, the product of (1 - share). `salts` become PbI2 and SnI2 as B is lead or tin.

    Args:
        losses: Phase (or `salts`) and share, in order; a phase may come more than once.
        lead: Share of lead on B, shape (n,).

    Returns:
        The shares by phase of `PHASES`, each of shape (n,); they sum to one.
    """
    shares = {phase: np.zeros_like(lead) for phase in PHASES}
    left = np.ones_like(lead)
    for phase, share in losses:
        lost = left * share
        left = left - lost
        if phase == "salts":
            shares["pbi2"] = shares["pbi2"] + lost * lead
            shares["sni2"] = shares["sni2"] + lost * (1 - lead)
        else:
            shares[phase] = shares[phase] + lost
    shares["perovskite"] = left
    return shares
