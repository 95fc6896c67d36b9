"""The models behind the instruments of a thin-film laboratory, over the world of perovskite absorbers."""

from collections.abc import Callable, Mapping
from datetime import datetime

from lab_agents.records.laboratory import InstrumentDeclaration, Laboratory, SimulationDeclaration
from simulators.errors import WorldError
from simulators.faults import Faults
from simulators.glovebox import Glovebox
from simulators.instruments.diffractometer import Diffractometer
from simulators.instruments.hotplate import Hotplate, Plate
from simulators.instruments.lamp import Lamp
from simulators.instruments.liquid_handler import CAPACITY, LARGEST, Deck, LiquidHandler
from simulators.instruments.mounted import Bench
from simulators.instruments.probe import Probe
from simulators.instruments.program import Model, Span
from simulators.instruments.spectrometer import Spectrometer
from simulators.instruments.spin_coater import Nest, SpinCoater
from simulators.world.absorber import World
from simulators.world.draws import Draws
from simulators.world.film_history import FilmHistory

WIDEST: Mapping[str, Span] = {
    "volume": Span(0.0, LARGEST),
    "total": Span(0.0, CAPACITY),
    "speed": Span(0.0, 10_000.0),
    "duration": Span(0.0, 36_000.0),
    "delay": Span(0.0, 600.0),
    "temperature": Span(25.0, 350.0),
    "start": Span(3.0, 140.0),
    "stop": Span(3.0, 140.0),
    "step": Span(0.005, 1.0),
    "time_per_step": Span(0.01, 60.0),
    "averages": Span(1.0, 1000.0),
    "suns": Span(0.0, 3.0),
    "current": Span(0.0, 0.1),
    "points": Span(2.0, 100.0),
}
"""What the hardware itself can do, where the lab file sets no limit: assumptions."""


class ThinFilm:
    """Builds the models; the bench uses the same ones.

    Attributes:
        history: What every film is.
        glovebox: The air around.
        makers: Driver's name → what makes the model of one instrument from its name and declaration.
    """

    def __init__(self, laboratory: Laboratory, draws: Draws, faults: Faults) -> None:
        """Join them.

        Raises:
            WorldError: If the lab file declares no simulation.
        """
        if laboratory.simulation is None:
            raise WorldError(f"The lab file of {laboratory.name} declares no simulation; its instruments are real.")
        self._laboratory, self._draws, self._faults = laboratory, draws, faults
        starts_at = datetime.fromisoformat(laboratory.simulation.starts_at)
        world = World(seed=_world_seed(laboratory.simulation))
        self.history = FilmHistory(world, laboratory.stocks, starts_at)
        self.glovebox = Glovebox(starts_at, draws, faults.mishap("wet_glovebox"))
        self._bench = Bench(self.history, draws, starts_at)
        self.makers: Mapping[str, Callable[[str, InstrumentDeclaration], Model]] = {
            "opcua_handler": self.handler,
            "modbus_spin_coater": self.spin_coater,
            "modbus_hotplate": self.hotplate,
            "epics_diffractometer": self.diffractometer,
            "scpi_spectrometer": self.spectrometer,
            "scpi_lamp": self.lamp,
            "scpi_probe": self.probe,
        }

    def handler(self, name: str, declaration: InstrumentDeclaration) -> LiquidHandler:
        """The handler with the lab file's stocks, the places that name it, and the tips of its setting `tips`."""
        vials = frozenset(place.name for place in self._laboratory.places_of(name))
        if not vials or not self._laboratory.stocks:
            raise WorldError(f"{name} needs stocks, and places with `instrument: {name}` for its vials.")
        stocks = {stock.name: stock for stock in self._laboratory.stocks}
        deck = Deck(vials, stocks, self._pieces(name, declaration, "tips"))
        return LiquidHandler(name, deck, self._draws, self._faults, _spans(declaration, "volume", "total"))

    def spin_coater(self, name: str, declaration: InstrumentDeclaration) -> SpinCoater:
        """A coater over its place, with the vial of its setting `vial` and the substrates of its `substrates`."""
        vial = declaration.settings.get("vial")
        if vial not in {place.name for place in self._laboratory.all_places}:
            raise WorldError(f"The setting vial of {name} is {vial!r}; name one of the lab file's places.")
        line, substrates = self._laboratory.owner(name), self._pieces(name, declaration, "substrates")
        nest = Nest(line, self._place(name), str(vial), substrates)
        spans = _spans(declaration, "speed", "duration", "delay")
        return SpinCoater(name, nest, self.glovebox, self._draws, self._faults, spans)

    def hotplate(self, name: str, declaration: InstrumentDeclaration) -> Hotplate:
        """A position of the hotplate that its setting `plate` names; `position` counts from the middle, 1 to 4."""
        position, plate = declaration.settings.get("position"), declaration.settings.get("plate")
        if not isinstance(position, int) or not 1 <= position <= 4 or not isinstance(plate, str):
            raise WorldError(f"{name} has position {position!r} on plate {plate!r}; write 1 to 4, and a plate's name.")
        shared = Plate(plate, self._bench.starts_at, self._draws, self._faults)
        spans = _spans(declaration, "temperature", "duration")
        return Hotplate(shared, position, self._place(name), self.glovebox, spans)

    def diffractometer(self, name: str, declaration: InstrumentDeclaration) -> Diffractometer:
        """The diffractometer over its place."""
        spans = _spans(declaration, "start", "stop", "step", "time_per_step")
        return Diffractometer(name, self._place(name), self._bench, self._faults, spans)

    def spectrometer(self, name: str, declaration: InstrumentDeclaration) -> Spectrometer:
        """The spectrometer over its place."""
        return Spectrometer(name, self._place(name), self._bench, _spans(declaration, "averages"))

    def lamp(self, name: str, declaration: InstrumentDeclaration) -> Lamp:
        """One slot of a lamp over its place."""
        return Lamp(name, self._place(name), self._bench, self._faults, _spans(declaration, "suns", "duration"))

    def probe(self, name: str, declaration: InstrumentDeclaration) -> Probe:
        """The probe over its place."""
        return Probe(self._place(name), self._bench, self._faults, _spans(declaration, "current", "points"))

    def _place(self, name: str) -> str:
        places = self._laboratory.places_of(name)
        if len(places) != 1:
            raise WorldError(f"{len(places)} places have `instrument: {name}`; exactly one must.")
        return places[0].name

    def _pieces(self, name: str, declaration: InstrumentDeclaration, setting: str) -> int:
        wanted = declaration.settings.get(setting)
        found = [c for c in self._laboratory.consumables if c.name == wanted and c.unit == "piece"]
        if not found:
            raise WorldError(f"The setting {setting} of {name} is {wanted!r}; name a consumable counted in pieces.")
        return int(found[0].amount)


def _world_seed(simulation: SimulationDeclaration) -> int:
    seed = simulation.settings.get("world_seed", 0)
    if not isinstance(seed, int) or seed < 0:
        raise WorldError(f"world_seed is {seed!r}; give a whole number of at least 0.")
    return seed


def _spans(declaration: InstrumentDeclaration, *quantities: str) -> dict[str, Span]:
    limits = declaration.limits
    return {q: Span(limits[q].lower, limits[q].upper) if q in limits else WIDEST[q] for q in quantities}
