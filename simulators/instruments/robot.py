"""A robot that carries films between places."""

from collections.abc import Mapping, Sequence

from simulators.errors import ErrorNumber, RefusedError
from simulators.instruments.program import Order, Prepared, Span
from simulators.world.things import Things

TRANSFER = 30.0
"""Seconds from one place to another: assumption."""


class Robot:
    """The physics of the sample robot."""

    def __init__(self, places: Sequence[str]) -> None:
        self.limits: Mapping[str, Span] = {}
        self._places = tuple(places)

    def sensors(self, things: Things) -> dict[str, str]:
        """What stands at each place as the sensors see it: "" or "film"."""
        occupied = {film.place for film in tuple(things.films.values())}
        return {place: "film" if place in occupied else "" for place in self._places}

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Carry the film at `source` to `target`."""
        source, target = str(order.arguments.get("source", "")), str(order.arguments.get("target", ""))
        for place in (source, target):
            if place not in self._places:
                raise RefusedError(ErrorNumber.LIMIT, f"{place!r} is no place of this robot")
        film = things.film_at(source)
        if film is None:
            raise RefusedError(ErrorNumber.BLOCKED, f"{source} is empty")
        if things.film_at(target) is not None:
            raise RefusedError(ErrorNumber.BLOCKED, f"{target} is occupied")
        return Prepared("transfer", {"film": film.name, "source": source, "target": target}, TRANSFER)
