"""The laws of the world put together: many films at once, from what went into each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulators.world import absorption_edge, electrical, phases, photostability, process
from simulators.world.constants import WorldConstants
from simulators.world.film_state import Composition, FilmState
from simulators.world.gap_field import GapField
from simulators.world.gaps import gap
from simulators.world.lattices import lattice
from simulators.world.process import Processes
from simulators.world.sites import Sites, Values


@dataclass(frozen=True)
class Air:
    """What surrounds the making of films, and how old the stock is.

    Attributes:
        oxidation: Factor on the oxidation of tin; 1 in a dry glovebox.
        tin4: Share of the stock's tin that is Sn(IV).
        drift: By how much (s) the air delays the best moment of the antisolvent.
    """

    oxidation: float = 1.0
    tin4: float = 0.0
    drift: float = 0.0


@dataclass(frozen=True)
class Films:
    """n fresh films: the fields of `FilmState` as arrays of shape (n,), `gap` NaN where a film has none."""

    sites: Sites
    gap: Values
    shares: Mapping[str, Values]
    numbers: Mapping[str, Values]

    def properties(self, constants: WorldConstants) -> dict[str, Values]:
        """The properties that a target may constrain, true and without noise; the soak is the standard one."""
        made, grain = self.numbers["quality"], self.numbers["grain"]
        shift = photostability.final_shift(self.sites, made, constants)
        dose = constants.standard_soak
        return {
            "gap": self.gap,
            "perovskite_fraction": self.shares["perovskite"],
            "gap_shift": np.where(np.isnan(self.gap), np.nan, shift * photostability.segregated(dose, constants)),
            "kept": photostability.kept(self.sites, grain, constants),
            "sheet_resistance": self.numbers["sheet_resistance"],
        }

    def state(self, index: int, composition: Composition) -> FilmState:
        """One of the films, of the composition that it was made of."""
        own = float(self.gap[index])
        return FilmState(
            composition=composition,
            gap=None if np.isnan(own) else own,
            phases={phase: float(share[index]) for phase, share in self.shares.items()},
            absorbance_kept=1.0,
            **{name: float(values[index]) for name, values in self.numbers.items()},
        )


def make_films(
    sites: Sites, processes: Processes, constants: WorldConstants, field: GapField, air: Air | None = None
) -> Films:
    """Make n films: `sites` and `processes` of equal length, all in one `air` (dry and fresh by default)."""
    air = air or Air()
    made = process.quality(sites, processes, constants, air.drift)
    oxidized = process.oxidized(sites, processes, constants, air.oxidation, air.tin4)
    shares = _phases(sites, processes, constants, made, oxidized)
    perovskite = shares["perovskite"]
    height = process.thickness(processes, constants)
    holes = electrical.carriers(sites, oxidized, constants)
    moving = electrical.mobility(sites, holes, constants)
    return Films(
        sites=sites,
        gap=np.where(perovskite < constants.least_perovskite, np.nan, gap(sites, constants, field)),
        shares=shares,
        numbers={
            "thickness": height,
            "urbach": absorption_edge.urbach(sites, constants),
            "exciton": absorption_edge.exciton(sites, constants),
            "broadening": absorption_edge.broadening(sites, constants),
            "lattice": lattice(sites, constants),
            "grain": process.grain_size(processes, made, constants),
            "strain": process.microstrain(sites, made, constants),
            "quality": made,
            "carriers": holes,
            "mobility": moving,
            "sheet_resistance": electrical.sheet_resistance(holes, moving, height, perovskite, constants),
        },
    )


def _phases(
    sites: Sites, processes: Processes, constants: WorldConstants, made: Values, oxidized: Values
) -> dict[str, Values]:
    # In the order in which a film meets them; the perovskite that is left is the product, whatever the order.
    changes = phases.transitions(sites, constants)
    warm = processes.temperature
    ma = sites.ma * process.cation_lost(constants.loss_of_ma, sites, processes, constants)
    fa = sites.fa * process.cation_lost(constants.loss_of_fa, sites, processes, constants)
    losses = [
        ("cl_perovskite", phases.chloride_share(sites, constants)),
        ("solvate", process.solvate_left(processes, constants)),
        ("delta_cs", phases.yellow_share(changes.delta_cs, warm, constants)),
        ("delta_fa", phases.yellow_share(changes.delta_fa, warm, constants)),
        ("salts", constants.worst_impurity * (1 - made)),
        ("salts", ma),
        ("salts", fa),
        ("a2sni6", oxidized),
    ]
    return phases.divide(losses, sites.pb)
