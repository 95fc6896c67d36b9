"""The simplest truth: what was recorded, known exactly."""

from lab_agents.records.space import Candidate
from lab_agents.tables import Material, Table
from planners.protocols import Learned, Outcome


class TableTruth:
    """The mean of the replicates of the recorded material, known exactly."""

    def __init__(self, table: Table) -> None:
        self._inputs, self._output = table.inputs, table.output
        self._materials: dict[tuple[float, ...], Material] = {m.inputs: m for m in table.materials}
        lower, upper = table.bounds
        # A deviation of zero does not exist; one part in a million is what rounding leaves of a recorded number.
        self._deviation = 1e-6 * ((upper - lower) or 1.0)

    def observe(self, sample: str, candidate: Candidate) -> Learned:
        """Look the candidate up; it must be one of the table's."""
        inputs = tuple(candidate.values[name] for name in self._inputs)
        return Learned(sample, inputs, {self._output: Outcome(self._materials[inputs].mean, self._deviation)})
