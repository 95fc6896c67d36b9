"""What stands where: vials and films, as the ledger's lines made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from simulators.ledger import LedgerLine

N_CHANNELS = 4


@dataclass(frozen=True)
class Film:
    """A coated substrate: what was drawn onto it (µL per channel), where it stands."""

    name: str
    line: str
    volumes: tuple[float, ...]
    place: str


@dataclass
class Things:
    """Vials by line and films by name; the fold of the ledger.

    An act takes effect with its ledger line, at its beginning: a program that is halted half-way has moved what its
    line says. So the ledger alone is the truth, and a world lost in a power cut is made from it again.
    """

    vials: dict[str, tuple[float, ...]] = field(default_factory=dict)
    films: dict[str, Film] = field(default_factory=dict)

    def film_at(self, place: str) -> Film | None:
        """The film that stands at `place`."""
        return next((film for film in tuple(self.films.values()) if film.place == place), None)

    def films_of(self, line: str) -> int:
        """How many substrates a line has used."""
        return sum(film.line == line for film in self.films.values())

    def apply(self, line: LedgerLine) -> tuple[str | None, str | None]:
        """Let one act take effect.

        Returns:
            The line whose vial changed, the film that changed; None where none did.
        """
        match line.action:
            case "new_vial":
                owner = _text(line.details, "line")
                self.vials[owner] = (0.0,) * N_CHANNELS
                return owner, None
            case "dose":
                return self._pour(line.details), None
            case "coat":
                return self._coat(line.details)
            case "transfer":
                film = self.films[_text(line.details, "film")]
                self.films[film.name] = replace(film, place=_text(line.details, "target"))
                return None, film.name
            case _:
                return None, None

    def _pour(self, details: Mapping[str, object]) -> str:
        owner, channel = _text(details, "line"), cast(int, details["channel"]) - 1
        volumes = list(self.vials[owner])
        volumes[channel] += cast(float, details["delivered"])
        self.vials[owner] = tuple(volumes)
        return owner

    def _coat(self, details: Mapping[str, object]) -> tuple[str, str]:
        owner, name = _text(details, "line"), _text(details, "film")
        volumes = tuple(cast(Sequence[float], details["volumes"]))
        self.films[name] = Film(name, owner, volumes, _text(details, "place"))
        del self.vials[owner]
        return owner, name


def _text(details: Mapping[str, object], key: str) -> str:
    return cast(str, details[key])
