"""One agent taking its decisions again, entry by entry, beside what it recorded."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lab_agents.agents.behaviour import AgentState, AnyBehaviour, Draft, Job
from lab_agents.agents.decisions import concerns, decision_id, step
from lab_agents.messages.entry import KINDS, Entry
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import AgentStarted, EntryRefused, LabChanged, LabOpened
from lab_agents.replaying.comparison import describe_difference
from lab_agents.replaying.computing import ComputeHere
from lab_agents.replaying.report import Difference, Stretch

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""An entry's time is no part of the decision."""


@dataclass
class Tally:
    """Counts of one stretch."""

    n_decisions: int = 0
    n_computed: int = 0
    n_not_computed: int = 0
    n_motions: int = 0
    n_senses: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True)
class _Expected:
    """A decision taken again: what the entry must be, and the how-manieth decision it is."""

    entry: Entry
    order: int
    is_computed: bool


class Retaking:
    """An agent's second life.

    Args:
        name: The agent, as a source.
        behaviour: Its rules.
        compute: Computes its jobs again; None leaves them as they are.
        passed_over: Positions that this agent could not handle and a person voided.
    """

    def __init__(
        self, name: str, behaviour: AnyBehaviour, compute: ComputeHere | None, passed_over: Collection[int] = ()
    ) -> None:
        self.name = name
        self._behaviour, self._compute, self._passed_over = behaviour, compute, passed_over
        self._state: AgentState = behaviour.start()
        self._version = ""
        self._jobs: dict[str, Job] = {}
        self._computed: set[str] = set()
        self._expected: dict[str, _Expected] = {}
        self._n_expected = 0
        self._last_recorded = 0
        self._stopped: str | None = None
        self._tallies: dict[str, Tally] = defaultdict(Tally)

    def take(self, logged: Logged) -> None:
        """The next entry of the log."""
        record = logged.entry.record
        if not self._version and isinstance(record, LabOpened | LabChanged):
            self._version = record.version
        if logged.seal.source == self.name:
            if isinstance(record, AgentStarted):
                self._version = record.version
            self._meet(logged)
        elif isinstance(record, EntryRefused) and record.source == self.name and record.refused_id:
            self._settle(record.refused_id)
        if self._stopped is None and logged.position not in self._passed_over:
            self._decide(logged)

    def _decide(self, logged: Logged) -> None:
        if not concerns(self.name, self._behaviour, logged):
            return
        try:
            taken = step(self.name, self._behaviour, self._state, logged)
        except Exception as error:  # noqa: BLE001 - the loop's edge, as in a living agent: it becomes a difference
            self._stopped = f"cannot handle position {logged.position}: {type(error).__name__}: {error}"
            self._differ(f"{self.name}/{logged.position}", logged.position, self._stopped)
            return
        self._state = taken.state
        for job in self._state.jobs():
            self._jobs.setdefault(job.id, job)
        for ordinal, draft in enumerate(taken.drafts):
            self._expect(decision_id(self.name, logged.position, ordinal), logged.position, draft, is_computed=False)

    def _expect(self, entry_id: str, cause: int, draft: Draft, *, is_computed: bool) -> None:
        self._n_expected += 1
        kind = type(draft.body).__name__
        entry = Entry(
            id=entry_id,
            kind=kind,
            schema_version=KINDS[kind].version,
            at=_ANY_TIME,
            campaign=draft.campaign,
            subject=draft.subject,
            cause=cause,
            not_after=draft.not_after,
            record=draft.body,
        )
        self._expected[entry_id] = _Expected(entry, self._n_expected, is_computed)

    def _settle(self, entry_id: str) -> _Expected | None:
        found = self._expected.pop(entry_id, None)
        if found is not None:
            self._last_recorded = max(self._last_recorded, found.order)
        return found

    def _meet(self, logged: Logged) -> None:
        """Compare an entry of this agent with the decision taken again, or say what else it is."""
        entry, tally = logged.entry, self._tallies[self._version]
        stem = entry.id.removeprefix(f"{self.name}/").rpartition("/")[0]
        job = self._jobs.get(stem)
        if job is not None and not self._conclude_again(job, tally):
            return
        found = self._settle(entry.id)
        if found is not None:
            tally.n_computed += found.is_computed
            tally.n_decisions += not found.is_computed
            difference = describe_difference(entry, found.entry)
            if difference:
                self._differ(entry.id, logged.position, difference)
        elif stem.split("/")[0].isdigit():
            why = self._stopped or "was recorded, and is not decided again"
            self._differ(entry.id, logged.position, why)
        else:
            tally.n_senses += 1

    def _conclude_again(self, job: Job, tally: Tally) -> bool:
        """Have the job's outcome among the expected; False where it cannot be, and the entry is not compared."""
        if job.kind != "compute":
            # What an instrument did, counted or was given is not to be had again.
            tally.n_motions += 1
            return False
        if self._compute is None:
            tally.n_not_computed += 1
            return False
        if job.id not in self._computed:
            self._computed.add(job.id)
            outcome = self._compute.compute(job)
            for ordinal, draft in enumerate(self._behaviour.conclude(job, outcome)):
                self._expect(f"{self.name}/{job.id}/{ordinal}", job.cause, draft, is_computed=True)
        return True

    def _differ(self, entry_id: str, position: int | None, what: str) -> None:
        difference = Difference(self.name, self._version, entry_id, position, what)
        self._tallies[self._version].differences.append(difference)

    def finish(self) -> tuple[tuple[Stretch, ...], tuple[str, ...]]:
        """Stretches in order of version, and the ids still in flight.

        An agent submits in order: what is missing behind its last recorded decision is on its way, what is missing
        before it was never recorded.
        """
        in_flight = []
        for entry_id, expected in self._expected.items():
            if expected.order > self._last_recorded:
                in_flight.append(entry_id)
            else:
                self._differ(entry_id, None, f"{expected.entry.kind} is decided again, and was never recorded")
        stretches = tuple(
            Stretch(
                self.name,
                version,
                tally.n_decisions,
                tally.n_computed,
                tally.n_not_computed,
                tally.n_motions,
                tally.n_senses,
                tuple(tally.differences),
            )
            for version, tally in self._tallies.items()
        )
        return stretches, tuple(in_flight)
