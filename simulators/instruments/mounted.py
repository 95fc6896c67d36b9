"""What measuring instruments share: the specimen on their stage, as it was when they looked at it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from simulators.errors import ErrorNumber, RefusedError
from simulators.ledger import Detail
from simulators.world.draws import Draws
from simulators.world.film_history import FilmHistory
from simulators.world.film_state import FilmState
from simulators.world.things import Film, Things
from simulators.world_state import Program


@dataclass(frozen=True)
class Bench:
    """What every measuring instrument of one laboratory works with: films, draws, and when the laboratory began."""

    history: FilmHistory
    draws: Draws
    starts_at: datetime

    def days(self, at: datetime) -> float:
        """Days since the laboratory began."""
        return (at - self.starts_at) / timedelta(days=1)

    def drift(self, at: datetime, step: float, *key: str) -> float:
        """A quantity that wanders from 0 by a normal step of deviation `step` in a day, straight in between."""
        days = self.days(at)
        whole = int(days)
        steps = [step * self.draws.normal(*key, "drift", str(day)) for day in range(whole + 1)]
        return sum(steps[:-1]) + (days - whole) * steps[-1]

    def seen(self, program: Program, things: Things) -> tuple[Film, FilmState | None]:
        """The specimen of a measuring program, and its film as it was when the program began."""
        film = things.films[cast(str, program.details["film"])]
        return film, self.history.state(film, cast(int, program.details["stage"]))


def specimen(things: Things, place: str) -> tuple[Film, dict[str, Detail]]:
    """What stands on a stage, and the first details of a program that looks at it.

    Raises:
        RefusedError: With *blocked*, if nothing stands there.
    """
    film = things.film_at(place)
    if film is None:
        raise RefusedError(ErrorNumber.BLOCKED, f"{place} is empty")
    return film, {"film": film.name, "place": place, "stage": len(film.deeds)}
