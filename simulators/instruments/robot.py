"""A robot that carries films between places."""

from collections.abc import Mapping, Sequence

from simulators.errors import ErrorNumber, RefusedError
from simulators.faults import Mishap
from simulators.instruments.program import Order, Prepared, Span
from simulators.ledger import Detail
from simulators.world.draws import Draws
from simulators.world.things import Things
from simulators.world_state import FAILS

TRANSFER = 30.0
"""Seconds from one place to another: assumption."""


class Robot:
    """The physics of the sample robot."""

    def __init__(self, places: Sequence[str], draws: Draws, drop: Mishap) -> None:
        """`drop` is the chance of letting a film fall."""
        self.limits: Mapping[str, Span] = {}
        self._places, self._draws, self._drop = tuple(places), draws, drop

    def sensors(self, things: Things) -> dict[str, str]:
        """What stands at each place as the sensors see it: "" or "film"."""
        occupied = {film.place for film in tuple(things.films.values())}
        return {place: "film" if place in occupied else "" for place in self._places}

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Carry the film at `source` to `target`; one that falls lies broken where nobody looks.

        The gripper feels at the target that it holds nothing: the program fails.
        """
        source, target = str(order.arguments.get("source", "")), str(order.arguments.get("target", ""))
        for place in (source, target):
            if place not in self._places:
                raise RefusedError(ErrorNumber.LIMIT, f"{place!r} is no place of this robot")
        film = things.film_at(source)
        if film is None:
            raise RefusedError(ErrorNumber.BLOCKED, f"{source} is empty")
        if things.film_at(target) is not None:
            raise RefusedError(ErrorNumber.BLOCKED, f"{target} is occupied")
        details: dict[str, Detail] = {"film": film.name, "source": source, "target": target}
        if self._drop.strikes(self._draws, film.key, order.key, "drop"):
            return Prepared("drop", details | {FAILS: "the film fell"}, TRANSFER)
        return Prepared("transfer", details, TRANSFER)
