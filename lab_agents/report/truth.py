"""What the best could have been, where a table of recorded materials is known."""

import math
from dataclasses import dataclass, field

from lab_agents.records.target import Target
from lab_agents.report.sample_account import SampleAccount
from lab_agents.tables import Material, Table


@dataclass(frozen=True)
class Truth:
    """The recorded materials behind a replayed laboratory."""

    table: Table
    target: Target
    _known: dict[tuple[float, ...], float] = field(default_factory=dict, repr=False, compare=False)

    @property
    def best(self) -> float:
        """The best mean of replicates in the table."""
        sign = self.target.sign
        return sign * max(sign * m.mean for m in self.table.materials)

    @property
    def worst(self) -> float:
        """The worst mean of replicates in the table."""
        sign = self.target.sign
        return sign * min(sign * m.mean for m in self.table.materials)

    def of(self, sample: SampleAccount) -> float | None:
        """Mean of the replicates of the recorded material nearest to what was made (Euclidean, inputs scaled)."""
        made = sample.made_values
        if made is None:
            return None
        point = tuple(made[name] for name in self.table.inputs)
        if point not in self._known:
            # The live display asks for all samples again several times a second.
            self._known[point] = self._nearest(point).mean
        return self._known[point]

    def _nearest(self, point: tuple[float, ...]) -> Material:
        spans = self._spans()

        def distance(inputs: tuple[float, ...]) -> float:
            return math.fsum(((a - b) / s) ** 2 for a, b, s in zip(inputs, point, spans, strict=True))

        return min(self.table.materials, key=lambda m: distance(m.inputs))

    def _spans(self) -> list[float]:
        columns = zip(*(m.inputs for m in self.table.materials), strict=True)
        return [(max(c) - min(c)) or 1.0 for c in map(list, columns)]

    def share_of_top(self, samples: list[SampleAccount], share: float = 0.05) -> tuple[int, int]:
        """How many of the table's best `share` of materials were made, and how many there are."""
        sign = self.target.sign
        ranked = sorted(self.table.materials, key=lambda m: -sign * m.mean)
        n = math.ceil(share * len(ranked))
        top = {m.inputs for m in ranked[:n]}
        names = self.table.inputs
        asked = {tuple(s.proposed.candidate.values[name] for name in names) for s in samples}
        return len(top & asked), n


def regrets(samples: list[SampleAccount], truth: Truth) -> list[float]:
    """After each observed sample: how far the best made so far is from the best recorded one; never negative."""
    sign, so_far, result = truth.target.sign, -math.inf, []
    for sample in samples:
        value = truth.of(sample)
        if value is not None:
            so_far = max(so_far, sign * value)
        result.append(sign * truth.best - so_far)
    return result
