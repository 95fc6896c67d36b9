"""A spin coater: draws the whole vial of its line onto a fresh substrate and leaves the film on the line's stage."""

from collections.abc import Mapping

from simulators.errors import ErrorNumber, RefusedError
from simulators.instruments.program import Order, Prepared, Span
from simulators.ledger import Detail
from simulators.world.things import Things

HANDLING = 120.0
"""Seconds besides spinning (substrate, drawing the vial, drying): assumption."""


class Coater:
    """The physics of one line's coater."""

    def __init__(self, line: str, stage: str, substrates: int, limits: Mapping[str, Span]) -> None:
        """`substrates` is how many the line was given in all."""
        self.limits = limits
        self._line, self._stage, self._substrates = line, stage, substrates

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Coat what the vial holds."""
        if order.command != "coat":
            raise RefusedError(ErrorNumber.LIMIT, f"{order.command} is no command of a coater")
        speed, duration = order.number("speed"), order.number("duration")
        limits["speed"].check("speed", speed)
        limits["duration"].check("duration", duration)
        if sum(things.vials.get(self._line, ())) <= 0:
            raise RefusedError(ErrorNumber.BLOCKED, f"{self._line} has no vial with anything in it")
        if things.film_at(self._stage) is not None:
            raise RefusedError(ErrorNumber.BLOCKED, f"{self._stage} is occupied")
        if things.films_of(self._line) >= self._substrates:
            raise RefusedError(ErrorNumber.BLOCKED, f"{self._line} has used all its {self._substrates} substrates")
        details: dict[str, Detail] = {
            "line": self._line,
            "film": order.token,
            "place": self._stage,
            "speed": speed,
            "duration": duration,
            "volumes": list(things.vials[self._line]),
        }
        return Prepared("coat", details, duration + HANDLING)
