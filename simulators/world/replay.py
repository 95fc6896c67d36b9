"""The truth of a replayed table: what a film is worth, given what was really dosed onto it."""

import math
from collections.abc import Sequence

from lab_agents.records.laboratory import Channel, Laboratory
from lab_agents.tables import Material, Table
from simulators.errors import WorldError
from simulators.world.draws import Draws

SUM_TOLERANCE = 5e-3
"""Recorded fractions are rounded; a table whose rows sum to one within this is a mixture."""


class RecordedTruth:
    """A table of recorded materials behind a dispenser's volumes.

    The truth of a film is a recorded output of the recorded material nearest to what was dosed, with distances in units
    of each input's recorded range. With replicates one is drawn by the film's key: one film has one truth, however
    often it is measured.
    """

    def __init__(self, table: Table, channels: Sequence[Channel], draws: Draws) -> None:
        """Join a table with the channels of the laboratory's dispensers.

        Raises:
            WorldError: If an input of the table has no channel.
        """
        self._table, self._channels, self._draws = table, tuple(channels), draws
        names = [c.parameter for c in channels]
        missing = [name for name in table.inputs if name not in names]
        if missing:
            raise WorldError(
                f"The table's input {missing[0]} has no channel in the lab file (channels: {', '.join(names)}). "
                "Add one under channels, with the scale that makes a volume of it."
            )
        self._order = [names.index(name) for name in table.inputs]
        columns = list(zip(*(m.inputs for m in table.materials), strict=True))
        self._widths = [(max(c) - min(c)) or 1.0 for c in columns]
        self._is_mixture = all(c.offset == 0 for c in channels) and all(
            abs(sum(m.inputs) - 1) < SUM_TOLERANCE for m in table.materials
        )

    def inputs(self, volumes: Sequence[float]) -> tuple[float, ...]:
        """The table's inputs that volumes per channel (µL) amount to: fractions of the total for a mixture.

        Raises:
            WorldError: If a mixture's total is zero.
        """
        channels = [(volumes[i], self._channels[i]) for i in self._order]
        values = [(volume - channel.offset) / channel.scale for volume, channel in channels]
        if not self._is_mixture:
            return tuple(values)
        total = sum(values)
        if total <= 0:
            raise WorldError("An empty vial is no mixture.")
        return tuple(value / total for value in values)

    def nearest(self, inputs: Sequence[float]) -> Material:
        """The recorded material nearest to `inputs`, the first one recorded where two are equally near."""
        scaled = list(zip(inputs, self._widths, strict=True))
        return min(
            self._table.materials,
            key=lambda m: math.fsum(((x - y) / width) ** 2 for (x, width), y in zip(scaled, m.inputs, strict=True)),
        )

    def value(self, volumes: Sequence[float], film: str) -> float:
        """The output of the film `film` on which `volumes` (µL per channel) really stand, in the table's unit."""
        return self._draws.choice(self.nearest(self.inputs(volumes)).outputs, film, "replicate")

    @property
    def scale(self) -> tuple[float, float]:
        """Offset and span of the tester: property = offset + span * share lost, with shares from 0 to 0.9.

        A property that is a share already (0 to 0.9 at most) is measured as it is.
        """
        lower, upper = self._table.bounds
        if lower >= 0 and upper <= 0.9:
            return 0.0, 1.0
        width = (upper - lower) or 1.0
        return lower - 0.05 * width, 1.1 * width / 0.9


def recorded_truth(laboratory: Laboratory, table: Table) -> RecordedTruth:
    """The truth behind a laboratory that replays `table`, under the seed of its simulation."""
    seed = laboratory.simulation.seed if laboratory.simulation else 0
    return RecordedTruth(table, laboratory.channels, Draws(seed))
