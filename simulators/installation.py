"""Which models stand behind which instruments of a lab file."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from lab_agents.records.laboratory import InstrumentDeclaration, Laboratory
from lab_agents.tables import Table
from simulators.errors import WorldError
from simulators.faults import declared_faults
from simulators.instruments.coater import Coater
from simulators.instruments.dispenser import PUMPS, Dispenser
from simulators.instruments.program import Firmware, Model, Span
from simulators.instruments.robot import Robot
from simulators.instruments.tester import SoakTester
from simulators.world.draws import Draws
from simulators.world.replay import RecordedTruth, recorded_truth
from simulators.world.things import N_CHANNELS, Film
from simulators.world_state import WorldState

WIDEST: Mapping[str, Span] = {
    "volume": Span(0.0, 1000.0),
    "speed": Span(0.0, 10_000.0),
    "duration": Span(0.0, 3600.0),
    "exposure": Span(0.0, 360_000.0),
}
"""What the hardware itself can do, where the lab file sets no limit: assumptions."""


class Models:
    """Builds the model of each instrument from the lab file, the table and the seed; the bench uses the same ones."""

    def __init__(self, laboratory: Laboratory, table: Table | None) -> None:
        """Join them.

        Raises:
            WorldError: If the lab file cannot be simulated with that table.
        """
        if len(laboratory.channels) > N_CHANNELS:
            raise WorldError(f"{len(laboratory.channels)} channels are declared; the dispensers have {N_CHANNELS}.")
        self._laboratory = laboratory
        self.draws = Draws(laboratory.simulation.seed if laboratory.simulation else 0)
        self.faults = declared_faults(laboratory.simulation, laboratory.instruments)
        self.truth: RecordedTruth | None = recorded_truth(laboratory, table) if table else None
        self._makers: Mapping[str, Callable[[str, InstrumentDeclaration], Model]] = {
            "modbus_dispenser": self.dispenser,
            "epics_dispenser": self.dispenser,
            "modbus_coater": self.coater,
            "opcua_robot": self.robot,
            "scpi_tester": self.tester,
        }
        if laboratory.simulation and laboratory.simulation.world == "absorber":
            # Imported here: a replayed laboratory needs none of its tables of atoms.
            from simulators.thin_film import ThinFilm

            self.thin_film = ThinFilm(laboratory, self.draws, self.faults)
            self._makers = {**self._makers, **self.thin_film.makers}

    def model(self, name: str) -> Model:
        """The model of one instrument.

        Raises:
            WorldError: If no model stands behind its driver, or its owner's settings lack a stage.
        """
        declaration = self._laboratory.instruments[name]
        make = self._makers.get(declaration.driver)
        if make is None:
            raise WorldError(
                f"Instrument {name} has the driver {declaration.driver}, which this laboratory cannot simulate; "
                f"it simulates {', '.join(self._makers)}."
            )
        return make(name, declaration)

    def dispenser(self, name: str, declaration: InstrumentDeclaration) -> Dispenser:
        """The dispenser of its owner's line."""
        pump = PUMPS[declaration.driver]
        return Dispenser(name, self._laboratory.owner(name), pump, self.draws, _spans(declaration, "volume"))

    def coater(self, name: str, declaration: InstrumentDeclaration) -> Coater:
        """The coater of its owner's line, with the substrates that the lab file gives that line."""
        line = self._laboratory.owner(name)
        substrates = sum(int(c.amount) for c in self._laboratory.consumables if c.used_by == line and c.unit == "piece")
        return Coater(line, self._stage(name), substrates, _spans(declaration, "speed", "duration"))

    def robot(self, name: str, declaration: InstrumentDeclaration) -> Robot:
        """The robot, with the places of its service."""
        service = self._laboratory.owner(name)
        places = [place.name for place in self._laboratory.all_places if place.service == service]
        return Robot(places, self.draws, self.faults.mishap("drop"))

    def tester(self, name: str, declaration: InstrumentDeclaration) -> SoakTester:
        """The tester on its owner's stage."""
        return SoakTester(self._stage(name), self.truth, self.draws, _spans(declaration, "exposure"))

    def _stage(self, instrument: str) -> str:
        owner = self._laboratory.owner(instrument)
        stage = self._laboratory.agents[owner].settings.get("stage")
        places = {place.name for place in self._laboratory.all_places}
        if not isinstance(stage, str) or stage not in places:
            raise WorldError(
                f"Agent {owner} drives {instrument} but its settings name no place as `stage` (got {stage!r}). "
                "Name one of the lab file's places."
            )
        return stage


def standing(laboratory: Laboratory) -> tuple[Film, ...]:
    """The standards of the lab file, as they stand before anything is done."""
    return tuple(Film(s.name, "", (), s.place, kind=s.kind) for s in laboratory.standards)


def install(laboratory: Laboratory, table: Table | None, world: WorldState) -> dict[str, Firmware]:
    """Every instrument of the lab file, over one world.

    Raises:
        WorldError: If the lab file cannot be simulated with that table.
    """
    models = Models(laboratory, table)
    return {
        name: Firmware(name, models.model(name), world, models.draws, models.faults)
        for name, declaration in laboratory.instruments.items()
        if is_simulated(name, declaration)
    }


def is_simulated(name: str, declaration: InstrumentDeclaration) -> bool:
    """Whether an instrument is simulated: its address is on 127.0.0.1. On any other host it is real and left alone.

    Raises:
        WorldError: If it should listen beyond loopback.
    """
    parts = urlsplit(declaration.address)
    if parts.hostname == "127.0.0.1":
        return True
    if parts.port == 0:
        raise WorldError(
            f"{name} has the address {declaration.address}; a simulated instrument listens on 127.0.0.1 only. "
            "Write 127.0.0.1:0, or the port of the real instrument."
        )
    return False


def _spans(declaration: InstrumentDeclaration, *quantities: str) -> dict[str, Span]:
    limits = declaration.limits
    return {q: Span(limits[q].lower, limits[q].upper) if q in limits else WIDEST[q] for q in quantities}
