"""What instruments show, as heard from their agents: the last reading of each, and how old it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from lab_agents.bus.protocol import Message
from lab_agents.messages.frames import Telemetry
from lab_agents.messages.topics import Topics

LATE = 1.5
"""A reading counts as stale once it is older than this many times the span within which its agent says something: half
of the span more is enough for a busy machine."""


@dataclass(frozen=True)
class Gauges:
    """One instrument as last heard: what it shows, the age of that in wall seconds, whether that is too old.

    `readings` are the last ones that could be read; `trouble` says why there are no newer ones.
    """

    instrument: str
    readings: str = ""
    age: float | None = None
    is_stale: bool = False
    trouble: str = ""

    @property
    def text(self) -> str:
        """One line."""
        if self.age is None:
            return "nothing heard yet"
        if self.trouble:
            return f"NOT READ: {self.trouble}{f' (before: {self.readings})' if self.readings else ''}"
        return f"STALE, {self.age:.0f} s old: {self.readings}" if self.is_stale else self.readings


MOST = 4096
"""Instruments that are listened to: names that nobody declared may be published without end."""


class GaugeBoard:
    """Hears telemetry; what is none is passed over, because anybody may publish nonsense."""

    def __init__(self, topics: Topics, instruments: Iterable[str] = ()) -> None:
        self._topics = topics
        self._last: dict[str, Telemetry | None] = dict.fromkeys(instruments)
        self._shown: dict[str, str] = {}

    def hear(self, message: Message) -> Telemetry | None:
        """Take a message; the telemetry that it holds, if it does."""
        parsed = self._topics.parse(message.topic)
        if parsed is None or parsed[0] != "telemetry":
            return None
        try:
            told = Telemetry.model_validate_json(message.payload)
        except ValidationError:
            return None
        is_known = told.instrument in self._last or len(self._last) < MOST
        if told.instrument != parsed[1]["instrument"] or not is_known:
            return None
        self._last[told.instrument] = told
        if not told.trouble:
            self._shown[told.instrument] = shown_text(told)
        return told

    def of(self, instrument: str, now: datetime | None = None) -> Gauges:
        """One instrument as last heard; `now` is wall time."""
        told = self._last.get(instrument)
        if told is None or told.read_at is None:
            return Gauges(instrument)
        age = max(0.0, ((now or datetime.now(UTC)) - told.read_at).total_seconds())
        shown = self._shown.get(instrument, "")
        return Gauges(instrument, shown, age, age > LATE * told.within, told.trouble)

    def all(self, now: datetime | None = None) -> tuple[Gauges, ...]:
        """Every instrument that is declared or was heard."""
        return tuple(self.of(name, now) for name in self._last)


def shown_text(told: Telemetry) -> str:
    """`temperature 110.2 °C, dryness 0.41 ppm, running`: what is 0 or 1 without a unit is said or left out."""
    return (
        ", ".join(
            text for name, value in told.readings.items() if (text := _shown(name, value, told.units.get(name, "1")))
        )
        or "at rest"
    )


def _shown(name: str, value: float, unit: str) -> str:
    if unit == "1" and value in (0.0, 1.0):
        return name.replace("_", " ") if value else ""
    return f"{name.replace('_', ' ')} {value:.4g}{'' if unit == '1' else f' {unit}'}"
