"""What a person does with their hands in the simulated laboratory: fill a tray, or put a full bottle in its place."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab_agents.records.laboratory import Laboratory
from simulators.errors import WorldError
from simulators.faults import Mishap, declared_faults
from simulators.floor import Floor
from simulators.ledger import Detail
from simulators.world.draws import Draws


@dataclass(frozen=True)
class Tray:
    """What is filled: of which instrument, under which name its use is kept, and how much a full one holds."""

    instrument: str
    holder: str
    full: float


class Hands:
    """Loads trays and bottles, once for each ticket, and tells what was counted in them afterwards.

    A person miscounts by one piece, or a bottle by a tenth, at the rate of the mishap `miscount`.

    Attributes:
        trays: What can be loaded here, by the name of the consumable or stock.
    """

    def __init__(self, laboratory: Laboratory, floor: Floor) -> None:
        self._floor = floor
        self._draws = Draws(laboratory.simulation.seed if laboratory.simulation else 0)
        self._miscount: Mishap = declared_faults(laboratory.simulation, laboratory.instruments).mishap("miscount")
        simulated = floor.instruments
        self.trays = {name: tray for name, tray in find_trays(laboratory).items() if tray.instrument in simulated}

    async def load(self, ticket: str, consumable: str) -> float:
        """Fill a tray or bottle and count; asked again for the same ticket, only the count is told again.

        Raises:
            WorldError: If there is no such tray.
        """
        tray = self.trays.get(consumable)
        if tray is None:
            known = ", ".join(sorted(self.trays)) or "nothing"
            raise WorldError(f"{consumable!r} cannot be loaded here; {known} can.")
        await self._floor.load(tray.instrument, lambda: self._details(tray, ticket, consumable))
        return self._floor.world.things.loads[ticket]

    def _details(self, tray: Tray, ticket: str, consumable: str) -> Mapping[str, Detail] | None:
        things = self._floor.world.things
        if ticket in things.loads:
            return None
        counted = tray.full
        if self._miscount.strikes(self._draws, ticket, consumable, "miscount"):
            counted -= 1.0 if tray.full.is_integer() and tray.holder == tray.instrument else 0.1 * tray.full
        return {
            "consumable": consumable,
            "holder": tray.holder,
            "added": things.drawn.get(tray.holder, 0.0),
            "counted": counted,
            "ticket": ticket,
        }


def find_trays(laboratory: Laboratory) -> dict[str, Tray]:
    """Consumables that a setting of an instrument names, and the stock bottles on the handler's deck."""
    trays: dict[str, Tray] = {}
    for name, declaration in laboratory.instruments.items():
        held = set(map(str, declaration.settings.values()))
        trays |= {c.name: Tray(name, name, c.amount) for c in laboratory.consumables if c.name in held}
    handlers = {str(agent.settings["handler"]) for agent in laboratory.agents.values() if "handler" in agent.settings}
    for deck in (name for handler in handlers for name in laboratory.agents[handler].instruments[:1]):
        trays |= {s.name: Tray(deck, s.name, s.amount) for s in laboratory.stocks}
    return trays
