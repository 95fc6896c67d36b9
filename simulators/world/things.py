"""What stands where, and what was used up: vials, inks and films, as the ledger's lines made them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from lab_agents.records.recipe import act_of
from simulators.ledger import Detail, LedgerLine

N_CHANNELS = 4

NOWHERE = ""
"""The place of a film that fell: nobody knows where its pieces lie."""

_CHANGING = frozenset({"anneal", "illuminate"})
"""Actions after which a film is another one; measuring changes none."""


@dataclass(frozen=True)
class Deed:
    """One thing that was done to a film: the ledger's action, its laboratory time (ISO 8601), what really happened."""

    action: str
    at: str
    details: Mapping[str, Detail]

    def number(self, name: str) -> float:
        """The detail `name`."""
        return float(cast(float, self.details[name]))

    def amounts(self, names: str, numbers: str) -> dict[str, float]:
        """Two lists of details as one mapping."""
        return dict(
            zip(cast(Sequence[str], self.details[names]), cast(Sequence[float], self.details[numbers]), strict=True)
        )


@dataclass(frozen=True)
class Film:
    """A coated substrate: what was drawn onto it, where it stands, what was done to it since.

    Attributes:
        name: The token of the program that coated it, or a standard's name.
        line: Whose substrate it is; empty for a standard.
        volumes: µL per channel, of a line with a four-channel dispenser.
        place: Where it stands; `NOWHERE` once it fell.
        kind: `blank` and `silicon` are standards.
        deeds: In order, the coating first.
    """

    name: str
    line: str
    volumes: tuple[float, ...]
    place: str
    kind: Literal["film", "blank", "silicon"] = "film"
    deeds: tuple[Deed, ...] = ()

    @property
    def key(self) -> str:
        """What draws about it are keyed by: who coats it in a second attempt draws no other film."""
        return act_of(self.name) if self.kind == "film" else self.name


@dataclass
class Things:
    """Vials by line, inks by place, films by name; the fold of the ledger.

    An act takes effect with its ledger line, at its beginning: a program that is halted half-way has moved what its
    line says. So the ledger alone is the truth, and a world lost in a power cut is made from it again.

    Attributes:
        vials: Line → µL per channel, of lines with a four-channel dispenser.
        inks: Place of a vial → µL of each stock in it, really delivered.
        films: Films and standards by name.
        drawn: Stock → µL taken out of its bottle; instrument → pieces (tips, substrates) used; since it was full.
        loads: Ticket → what a person counted after loading for it.
    """

    vials: dict[str, tuple[float, ...]] = field(default_factory=dict)
    inks: dict[str, Mapping[str, float]] = field(default_factory=dict)
    films: dict[str, Film] = field(default_factory=dict)
    drawn: dict[str, float] = field(default_factory=dict)
    loads: dict[str, float] = field(default_factory=dict)

    @classmethod
    def standing(cls, standards: Iterable[Film]) -> "Things":
        """The things of a laboratory that has done nothing yet."""
        return cls(films={film.name: film for film in standards})

    def film_at(self, place: str) -> Film | None:
        """The film that stands at `place`."""
        return next((film for film in tuple(self.films.values()) if film.place == place), None)

    def films_of(self, line: str) -> int:
        """How many substrates a line has used."""
        return sum(film.line == line for film in self.films.values())

    def apply(self, line: LedgerLine) -> None:
        """Let one act take effect."""
        details = line.details
        match line.action:
            case "new_vial":
                self.vials[_text(details, "line")] = (0.0,) * N_CHANNELS
            case "dose":
                self._pour(details)
            case "coat":
                self._coat(details)
            case "mix":
                self._mix(line)
            case "spin":
                self._spin(line)
            case "load":
                holder = _text(details, "holder")
                self.drawn[holder] = self.drawn.get(holder, 0.0) - cast(float, details["added"])
                self.loads[_text(details, "ticket")] = cast(float, details["counted"])
            case "transfer" | "drop":
                film = self.films[_text(details, "film")]
                place = NOWHERE if line.action == "drop" else _text(details, "target")
                self.films[film.name] = replace(film, place=place)
            case action if action in _CHANGING:
                film = self.films[_text(details, "film")]
                deed = Deed(action, line.at, dict(details))
                self.films[film.name] = replace(film, deeds=(*film.deeds, deed))

    def _pour(self, details: Mapping[str, object]) -> None:
        owner, channel = _text(details, "line"), cast(int, details["channel"]) - 1
        volumes = list(self.vials[owner])
        volumes[channel] += cast(float, details["delivered"])
        self.vials[owner] = tuple(volumes)

    def _coat(self, details: Mapping[str, object]) -> None:
        owner, name = _text(details, "line"), _text(details, "film")
        volumes = tuple(cast(Sequence[float], details["volumes"]))
        self.films[name] = Film(name, owner, volumes, _text(details, "place"))
        del self.vials[owner]

    def _mix(self, line: LedgerLine) -> None:
        deed = Deed(line.action, line.at, dict(line.details))
        self.inks[_text(line.details, "place")] = deed.amounts("stocks", "delivered")
        for stock, volume in deed.amounts("stocks", "drawn").items():
            self.drawn[stock] = self.drawn.get(stock, 0.0) + volume
        self._use(line.instrument, int(deed.number("tips")))

    def _spin(self, line: LedgerLine) -> None:
        name = _text(line.details, "film")
        deed = Deed(line.action, line.at, dict(line.details))
        self.films[name] = Film(name, _text(line.details, "line"), (), _text(line.details, "place"), deeds=(deed,))
        del self.inks[_text(line.details, "vial")]
        self._use(line.instrument, 1)

    def _use(self, instrument: str, pieces: int) -> None:
        self.drawn[instrument] = self.drawn.get(instrument, 0.0) + pieces


def _text(details: Mapping[str, object], key: str) -> str:
    return cast(str, details[key])
