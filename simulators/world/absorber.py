"""The hidden world of perovskite absorbers: what a film becomes, what light does to it, what is true of it."""

import math
from dataclasses import replace

import numpy as np

from simulators.errors import WorldError
from simulators.world import photostability
from simulators.world.constants import WorldConstants
from simulators.world.film_state import Composition, FilmState, Process
from simulators.world.films import Air, Films, make_films
from simulators.world.gap_field import GapField
from simulators.world.process import Processes
from simulators.world.sites import Sites, Values
from simulators.world.truth import Truth

_TOLERANCE = 1e-6


class World:
    """One world: a table of constants and a seed of the random field. Free of noise: equal films are equal.

    Args:
        constants: The table; the frozen one by default.
        seed: Of the frozen random field on the gap.
    """

    def __init__(self, constants: WorldConstants | None = None, seed: int = 0) -> None:
        self.constants = constants or WorldConstants()
        self.seed = seed
        self.field = GapField(self.constants, seed)

    def make_film(
        self,
        composition: Composition,
        process: Process,
        *,
        oxidation: float = 1.0,
        tin4: float = 0.0,
        drift: float = 0.0,
    ) -> FilmState:
        """Make a film of what really went into it.

        Args:
            composition: Site fractions as dispensed; each site must sum to one within 1e-6.
            process: As it really was.
            oxidation: Factor on the oxidation of tin in the anneal; above 1 in a wet glovebox.
            tin4: Share of the stock's tin that is Sn(IV), 0 to 1.
            drift: By how much (s) the air delays the best moment of the antisolvent.

        Raises:
            WorldError: If a fraction or a step cannot be.
        """
        _check_composition(composition)
        _check_process(process)
        if oxidation < 0 or not 0 <= tin4 <= 1:
            raise WorldError(f"oxidation {oxidation} and tin4 {tin4} cannot be; give at least 0, and 0 to 1")
        air = Air(oxidation, tin4, drift)
        return self.make_films(Sites.of([composition]), Processes.of([process]), air).state(0, composition)

    def make_films(self, sites: Sites, processes: Processes, air: Air | None = None) -> Films:
        """Make many films at once, unchecked and in one air (dry and fresh by default): for searches."""
        return make_films(sites, processes, self.constants, self.field, air)

    def soak_film(self, film: FilmState, suns: float = 1.0, seconds: float = 1800.0, moist: bool = False) -> FilmState:
        """Put a film into light: absorbance is lost and halides segregate; a second soak continues the first.

        All that is lost of absorption is in `absorbance_kept`: phases, carriers and resistance stay as made.

        Raises:
            WorldError: If the light or the time is negative.
        """
        if suns < 0 or seconds < 0:
            raise WorldError(f"a soak of {suns} suns for {seconds} s cannot be; give both at least 0")
        sites, c = Sites.of([film.composition]), self.constants
        dose = suns * seconds
        exponent = float(photostability.loss_exponent(sites, _one(film.grain), c)[0]) * dose / c.standard_soak
        kept = math.exp(-exponent * (c.light_moisture if moist else 1.0))
        gap = film.gap
        if gap is not None:
            gap += self._shift(film, film.dose + dose) - self._shift(film, film.dose)
        return replace(film, gap=gap, absorbance_kept=film.absorbance_kept * kept, dose=film.dose + dose)

    def truth(self, film: FilmState) -> Truth:
        """What is true of a film as made, also when it has been in light since."""
        c = self.constants
        fresh = None if film.gap is None else film.gap - self._shift(film, film.dose)
        return Truth(
            gap=fresh,
            perovskite_fraction=film.phases["perovskite"],
            gap_shift=None if fresh is None else self._shift(film, c.standard_soak),
            kept=float(photostability.kept(Sites.of([film.composition]), _one(film.grain), c)[0]),
            lead=film.composition.pb,
            sheet_resistance=film.sheet_resistance,
        )

    def _shift(self, film: FilmState, dose: float) -> float:
        final = photostability.final_shift(Sites.of([film.composition]), _one(film.quality), self.constants)
        return float((final * photostability.segregated(dose, self.constants))[0])


def _one(number: float) -> Values:
    return np.array([number])


def _check_composition(composition: Composition) -> None:
    c = composition
    for site, fractions in (("A", (c.cs, c.fa, c.ma)), ("B", (c.pb, c.sn)), ("X", (c.i, c.br, c.cl))):
        if not all(0 <= fraction <= 1 for fraction in fractions) or abs(sum(fractions) - 1) > _TOLERANCE:
            raise WorldError(
                f"the fractions {fractions} on site {site} of a film are not shares of one; divide the amounts "
                "dispensed by their sum"
            )


def _check_process(process: Process) -> None:
    if process.temperature <= -273.15 or process.duration < 0 or process.speed <= 0 or process.delay < 0:
        raise WorldError(
            f"the process {process} cannot be: give °C above absolute zero, a duration and a delay of at least 0 s "
            "and a speed above 0"
        )
