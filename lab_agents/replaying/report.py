"""What a replay found, for people and for programs."""

from collections.abc import Iterator
from dataclasses import dataclass

from lab_agents.auditing.report import align


@dataclass(frozen=True)
class Difference:
    """One entry that was not decided again as it was recorded, or not at all. `position` is where it stands."""

    agent: str
    version: str
    id: str
    position: int | None
    what: str


@dataclass(frozen=True)
class Stretch:
    """What one agent recorded under one software version.

    `n_decisions` and `n_computed` were compared, `n_not_computed` are outcomes of computations that were not asked for
    again, `n_motions` outcomes of motions and `n_senses` what came from outside the log: neither can be taken again.
    """

    agent: str
    version: str
    n_decisions: int
    n_computed: int
    n_not_computed: int
    n_motions: int
    n_senses: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class ReplayReport:
    """The whole replay. `agrees` is False where a stretch of the software that replays differs.

    `in_flight` are ids that were decided again and had not reached the log when it was read: the last ones of an agent.
    `other_versions` is True where some stretch was written by other software, whose differences are shown, not counted.
    """

    state: str
    head: int
    software: str
    stretches: tuple[Stretch, ...]
    in_flight: tuple[str, ...]
    other_versions: bool
    agrees: bool

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All of them, in order of agent and stretch."""
        return tuple(difference for stretch in self.stretches for difference in stretch.differences)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """One row for each stretch."""
        for one in self.stretches:
            mark = "" if one.version == self.software else " (other software)"
            verdict = f"{len(one.differences)} differ{mark}" if one.differences else "equal"
            counts = (one.n_decisions, one.n_computed, one.n_not_computed, one.n_motions, one.n_senses)
            yield one.agent, one.version, *map(str, counts), verdict

    def to_text(self) -> str:
        """A table for people, then every difference."""
        heading = ("agent", "software", "decisions", "computed", "not computed", "motions", "senses", "verdict")
        lines = [f"{self.head} entries replayed by {self.software}", "", *align([heading, *self.rows()])]
        for one in self.differences:
            where = f"position {one.position}" if one.position is not None else "not in the log"
            lines += ["", f"{one.id} ({where}, software {one.version}):", f"  {one.what}"]
        if self.in_flight:
            lines += ["", f"in flight when the log was read: {', '.join(self.in_flight)}"]
        lines += ["", "Every decision is the same." if self.agrees else "There are differences."]
        return "\n".join(lines)
