"""What a film is now: the world's laws applied to what was really done to it, in order."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from lab_agents.records.stock import Stock
from simulators.world.absorber import World
from simulators.world.film_state import Composition, FilmState, Process
from simulators.world.things import Deed, Film

ROOM = 25.0
"""°C at which a film that was never annealed dries."""
WET_OXIDATION = 5.0
"""How many times as fast tin oxidizes in a wet glovebox: assumption."""
MOST_OXIDIZED = 0.5
"""No stock is used with more of its tin oxidized: it would have been thrown away (assumption)."""


class FilmHistory:
    """States of films, each computed once for each stage of its life."""

    def __init__(self, world: World, stocks: Sequence[Stock], starts_at: datetime) -> None:
        """`starts_at` is when the laboratory began, with its bottles opened as long as they say."""
        self.world = world
        self._stocks, self._starts_at = {stock.name: stock for stock in stocks}, starts_at
        self._states: dict[tuple[str, int], FilmState | None] = {}

    def state(self, film: Film, stage: int | None = None) -> FilmState | None:
        """A film after the first `stage` of its deeds (all of them if None).

        Returns:
            None where there is no perovskite to speak of: a standard, or an ink in which all of one site was missing.
        """
        deeds = film.deeds[: len(film.deeds) if stage is None else stage]
        if film.kind != "film" or not deeds:
            return None
        key = (film.name, len(deeds))
        if key not in self._states:
            self._states[key] = self._made(deeds)
        return self._states[key]

    def fresh(self, film: Film) -> FilmState | None:
        """A film as it was made, before any light."""
        made = [number for number, deed in enumerate(film.deeds, 1) if deed.action != "illuminate"]
        return self.state(film, made[-1]) if made else None

    def composition(self, volumes: Mapping[str, float]) -> Composition | None:
        """Site fractions of an ink of so many µL of each stock; None where a site is empty."""
        moles: dict[str, float] = {}
        for name, volume in volumes.items():
            for species, concentration in self._stocks[name].contains.items():
                moles[species] = moles.get(species, 0.0) + volume * concentration
        shares: dict[str, float] = {}
        for site in (("Cs", "FA", "MA"), ("Pb", "Sn"), ("I", "Br", "Cl")):
            total = sum(moles.get(species, 0.0) for species in site)
            if total <= 0:
                return None
            shares |= {species.lower(): moles.get(species, 0.0) / total for species in site}
        del shares["pb"]
        return Composition(**shares)

    def oxidized(self, volumes: Mapping[str, float], at: datetime) -> float:
        """Share of an ink's tin that was Sn(IV) already in its bottles at a laboratory time."""
        tin = total = 0.0
        for name, volume in volumes.items():
            stock = self._stocks[name]
            amount = volume * stock.contains.get("Sn", 0.0)
            days = (at - self._starts_at) / timedelta(days=1) + stock.opened / 24.0
            total += amount
            tin += amount * min(MOST_OXIDIZED, stock.oxidation * days)
        return tin / total if total > 0 else 0.0

    def _made(self, deeds: Sequence[Deed]) -> FilmState | None:
        spin, rest = deeds[0], deeds[1:]
        if spin.action != "spin":
            return None
        volumes = spin.amounts("stocks", "volumes")
        composition = self.composition(volumes)
        if composition is None:
            return None
        made = self.world.make_film(
            composition,
            _process(spin, [deed for deed in rest if deed.action == "anneal"]),
            oxidation=WET_OXIDATION if any(_is_wet(deed) for deed in deeds) else 1.0,
            tin4=self.oxidized(volumes, datetime.fromisoformat(spin.at)),
        )
        for deed in rest:
            if deed.action == "illuminate":
                light = deed.number("suns"), deed.number("duration")
                made = self.world.soak_film(made, *light, moist=_is_wet(deed))
        return made


def _process(spin: Deed, anneals: Sequence[Deed]) -> Process:
    """How a film was made. Assumption: of several anneals the hottest counts, with the time of all of them."""
    return Process(
        temperature=max((deed.number("temperature") for deed in anneals), default=ROOM),
        duration=sum(deed.number("duration") for deed in anneals),
        speed=spin.number("speed"),
        delay=spin.number("delay"),
    )


def _is_wet(deed: Deed) -> bool:
    return bool(cast(int, deed.details.get("is_wet", 0)))
