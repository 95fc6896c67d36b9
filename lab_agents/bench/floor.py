"""A simulated laboratory's instruments without their wires: orders in, what moved and what was recorded out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act
from simulators.hands import Tray, find_trays
from simulators.installation import Models, standing
from simulators.instruments.program import Model, Order, Prepared, Recording
from simulators.ledger import LedgerLine
from simulators.signals.raw_record import to_bytes
from simulators.world.things import Things
from simulators.world_state import Program, TokenState


@dataclass
class BenchFloor:
    """The same models over the same things as behind the wires; acts take effect at once, in the order of the calls.

    Attributes:
        laboratory: With its simulation.
        models: What stands behind its instruments.
        things: What stands where.
    """

    laboratory: Laboratory
    models: Models = field(init=False)
    things: Things = field(init=False)
    _made: dict[str, Model] = field(default_factory=dict)
    _trays: Mapping[str, Tray] = field(init=False)
    _lows: Mapping[str, float | None] = field(init=False)
    _n_acts: int = 0

    def __post_init__(self) -> None:
        self.models = Models(self.laboratory, None)
        self.things = Things.standing(standing(self.laboratory))
        self._trays = find_trays(self.laboratory)
        self._lows = {c.name: c.low for c in self.laboratory.consumables} | {
            s.name: s.low for s in self.laboratory.stocks
        }

    def model(self, instrument: str) -> Model:
        """The model behind an instrument."""
        if instrument not in self._made:
            self._made[instrument] = self.models.model(instrument)
        return self._made[instrument]

    def do(self, act: Act, token: str, at: datetime) -> Prepared:
        """Let an act take effect; what moved is in the answer's details.

        Raises:
            RefusedError: If the instrument refuses it; nothing moved then.
        """
        self._refill(act.instrument)
        model = self.model(act.instrument)
        order = Order(token, 1, act.plan, act.arguments, at=at)
        prepared = model.prepare(order, self.things, model.limits)
        self._n_acts += 1
        moment = at.isoformat()
        line = LedgerLine(
            self._n_acts, moment, moment, act.instrument, token, 1, prepared.action, dict(prepared.details)
        )
        self.things.apply(line)
        return prepared

    def _refill(self, instrument: str) -> None:
        """Fill what has run down to its mark: on the bench the person has always been there in time."""
        for name, tray in self._trays.items():
            low = self._lows.get(name)
            drawn = self.things.drawn.get(tray.holder, 0.0)
            if tray.instrument == instrument and low is not None and tray.full - drawn <= low:
                self.things.drawn[tray.holder] = 0.0

    def record(self, act: Act, token: str, at: datetime, prepared: Prepared) -> bytes:
        """The raw record of a measuring act that was done; empty for an instrument that records nothing."""
        model = self.model(act.instrument)
        if not isinstance(model, Recording):
            return b""
        program = Program(act.instrument, token, TokenState.DONE, prepared.action, prepared.details, at, at)
        return to_bytes(model.record(program, self.things))
