"""Films with given properties, for tests of what instruments see."""

from dataclasses import replace

from simulators.world.film_state import Composition, FilmState

FAPBI3 = Composition(cs=0.0, fa=1.0, ma=0.0, sn=0.0, i=1.0, br=0.0, cl=0.0)
MAPBI3 = replace(FAPBI3, fa=0.0, ma=1.0)
CSPBI3 = replace(FAPBI3, fa=0.0, cs=1.0)
FASNI3 = replace(FAPBI3, sn=1.0)


def film(composition: Composition = FAPBI3, lattice: float = 6.361, **changes: object) -> FilmState:
    """A good film of 500 nm, pure perovskite unless said otherwise."""
    good = FilmState(
        composition=composition,
        thickness=500.0,
        gap=1.48,
        urbach=0.015,
        exciton=0.016,
        broadening=0.030,
        phases={"perovskite": 1.0},
        lattice=lattice,
        grain=400.0,
        strain=5e-4,
        quality=0.9,
        absorbance_kept=1.0,
        carriers=1e10,
        mobility=20.0,
        sheet_resistance=6e11,
    )
    return replace(good, **changes)  # type: ignore[arg-type]
