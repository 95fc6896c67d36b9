"""The air in which films are made: dry, except for excursions of moisture."""

from datetime import datetime, timedelta

from simulators.faults import Mishap
from simulators.world.draws import Draws

DRY, WET = 0.5, 60.0
"""Water in the air in ppm, usually and during an excursion: assumption; makers promise below 1 ppm."""
LENGTH = timedelta(hours=2)
"""How long an excursion lasts: assumption."""

_WEEK = timedelta(days=7)


class Glovebox:
    """One glovebox around the whole laboratory; its excursions are drawn week by week.

    Attributes:
        door: 1 while its door is open.
        extraction: 1 while its extraction runs.
    """

    door, extraction = 0.0, 1.0

    def __init__(self, starts_at: datetime, draws: Draws, excursion: Mishap) -> None:
        """`starts_at` is when the laboratory began."""
        self._starts_at, self._draws, self._excursion = starts_at, draws, excursion

    def is_wet(self, at: datetime) -> bool:
        """Whether there is an excursion at a laboratory time."""
        week = (at - self._starts_at) // _WEEK
        return any(self._has_excursion(number, at) for number in (week - 1, week))

    def dryness(self, at: datetime) -> float:
        """Water in ppm, as the glovebox's own sensor reads it."""
        level = WET if self.is_wet(at) else DRY
        minute = at.isoformat(timespec="minutes")
        return level * (1.0 + 0.05 * self._draws.uniform("glovebox", "dryness", minute))

    def sense(self, at: datetime) -> dict[str, float]:
        """What interlocks may read."""
        return {"dryness": self.dryness(at), "door": self.door, "extraction": self.extraction}

    def _has_excursion(self, week: int, at: datetime) -> bool:
        if week < 0 or not self._excursion.strikes(self._draws, "glovebox", "excursion", str(week)):
            return False
        begins = self._starts_at + (week + self._draws.uniform("glovebox", "begins", str(week))) * _WEEK
        return begins <= at < begins + LENGTH
