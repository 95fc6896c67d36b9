"""How the samples of a campaign stand: how many are how far, which one leads, and how far it is from the best."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lab_agents.report.account import Rank, rank
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.truth import Truth


@dataclass(frozen=True, slots=True)
class _Line:
    """All that is held of one sample: how far it is, its rank, its recorded value times the target's sign."""

    stages: tuple[str, ...] = ()
    rank: Rank | None = None
    recorded: float = -math.inf


_STAGES = ("proposed", "made", "measured", "observed", "failed", "hits")
_NOTHING = _Line()
_LAST: Rank = (math.inf, math.inf, math.inf, math.inf)


class Standings:
    """Takes each sample whenever something was told of it; a picture is drawn from what is known by then.

    Args:
        truth: The recorded table behind a replayed laboratory; None where there is none.
        last_step: The place of the last measurement in the campaign's order.
    """

    def __init__(self, truth: Truth | None = None, last_step: int = 0) -> None:
        self._truth, self._last = truth, last_step
        self._lines: dict[str, _Line] = {}
        self._counts: Counter[str] = Counter()
        self._leader: str | None = None
        self._reached = -math.inf

    @property
    def leader(self) -> str | None:
        """The best sample, and while nothing is a hit, the one that comes nearest."""
        return self._leader

    @property
    def has_hit(self) -> bool:
        """Whether the leader is a hit."""
        return self._counts["hits"] > 0

    @property
    def regret(self) -> float | None:
        """Distance of the best made from the best recorded material; None where it is not known."""
        if self._truth is None or math.isinf(self._reached):
            return None
        return self._truth.target.sign * self._truth.best - self._reached

    @property
    def counts(self) -> Mapping[str, int]:
        """How many samples are `proposed`, `made`, `measured` (in part), `observed` (to the end), `failed`, `hits`."""
        return {stage: self._counts[stage] for stage in _STAGES}

    def note(self, sample: SampleAccount) -> None:
        """Take a sample as it stands by now."""
        old, new = self._lines.get(sample.id, _NOTHING), self._line(sample)
        self._lines[sample.id] = new
        self._counts.subtract(old.stages)
        self._counts.update(new.stages)
        if self._leader == sample.id:
            self._leader = self._first()
        elif new.rank is not None and new.rank < (self._rank(self._leader) or _LAST):
            self._leader = sample.id
        if old.recorded == self._reached and new.recorded < old.recorded:
            self._reached = max(line.recorded for line in self._lines.values())
        self._reached = max(self._reached, new.recorded)

    def _line(self, sample: SampleAccount) -> _Line:
        is_at = (
            *(True, sample.sample is not None, sample.is_observed, sample.is_observed and self._last in sample.steps),
            *(bool(sample.failure), sample.is_hit),
        )
        value = self._truth.of(sample) if self._truth is not None and sample.is_observed else None
        recorded = -math.inf if value is None else sample.target.sign * value
        return _Line(tuple(stage for stage, holds in zip(_STAGES, is_at, strict=True) if holds), rank(sample), recorded)

    def _rank(self, name: str | None) -> Rank | None:
        return None if name is None else self._lines[name].rank

    def _first(self) -> str | None:
        ranked = [(line.rank, name) for name, line in self._lines.items() if line.rank is not None]
        return min(ranked)[1] if ranked else None
