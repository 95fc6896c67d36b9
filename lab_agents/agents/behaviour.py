"""What an agent is, apart from the loop that runs it: a state, two pure functions, and jobs that it wants done."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from pydantic import AwareDatetime, Field, SerializeAsAny

from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import Timer
from lab_agents.records.base import FrozenMap, Identifier, Record
from lab_agents.records.recipe import ActResult, Task


class Draft(Record):
    """An entry that an agent wants to submit; the loop adds id, cause and time."""

    body: SerializeAsAny[Body]
    subject: str
    campaign: str | None = None
    not_after: AwareDatetime | None = None


class Job(Record):
    """A computation or motion to be run outside the handler.

    `id` is `position/name`: derived from the cause, so that its outcome's id is derived too. `arguments` (JSON) of a
    computation name everything it depends on; a motion has a `task`. A job stands in the state from the entry that
    causes it until its outcome comes back through the log. A `count` reads what an instrument holds, a `load` is what a
    simulated person's hands do.
    """

    id: Identifier
    cause: int
    kind: Literal["compute", "motion", "count", "load"]
    name: str
    campaign: str | None = None
    subject: str
    arguments: str = "{}"
    task: Task | None = None


class JobOutcome(Record):
    """How a job ended. `answer` (JSON) is that of all but a motion; the rest, but `error`, a motion's.

    `unknown` are tokens; without `moved` certainly nothing moved, because of what the instrument itself saw if it was
    `blocked`; `repeatable` says that only the data of a measurement are missing, and that it may be made again.
    """

    ok: bool
    answer: str = "{}"
    results: tuple[ActResult, ...] = ()
    unknown: tuple[str, ...] = ()
    moved: bool = True
    blocked: bool = False
    repeatable: bool = False
    error: str = ""
    evidence: FrozenMap[str, str] = Field(default_factory=dict)


class AgentState(Record):
    """What every agent's state can say of itself. All of it derives from entries."""

    def jobs(self) -> tuple[Job, ...]:
        """Jobs that should be running, in the order in which they came up."""
        return ()

    def withheld(self, job: Job, act: int) -> str:
        """Why a wanted motion does not begin its act number `act`, or an empty text."""
        del job, act
        return ""

    def timers(self) -> tuple[Timer, ...]:
        """Wake-ups that are wanted."""
        return ()

    def owed(self) -> tuple[str, ...]:
        """What keeps the laboratory from being at rest although nothing runs (an open bid window)."""
        return ()

    def asked(self) -> tuple[str, ...]:
        """What people alone can give: it is owed too, unless the laboratory is being ended."""
        return ()

    def works(self) -> Container[str]:
        """Reserved work in which the agent takes part: it holds it, grants its places, or owns a step of it."""
        return ()

    def waits(self) -> dict[str, str]:
        """For people: each waiting subject and its reason."""
        return {}


S = TypeVar("S", bound=AgentState)


@dataclass(frozen=True)
class OnlyTold:
    """Entries of others that only tell an agent something, so that nobody has to wait until it has read them.

    After such an entry it decides nothing, and its jobs, timers and debts are what they were.

    Attributes:
        kinds: Kinds of which this is true of every entry.
        works: Kinds of which it is true where the entry is about reserved work in which the agent takes no part.
    """

    kinds: frozenset[str] = frozenset()
    works: frozenset[str] = frozenset()


ALL_MATTER = OnlyTold()


class Behaviour(Protocol[S]):
    """One role's rules. Pure: no clock, no random numbers that are not keyed, no files, nothing but entries.

    `apply` books at once what `decide` will promise on the same entry; an own entry that comes back only confirms, and
    a refusal, decline or failure releases.
    """

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of entries that concern this agent; others only move its position."""
        ...

    @property
    def only_told(self) -> OnlyTold:
        """Which of these never make this agent do anything."""
        ...

    def start(self) -> S:
        """The state before the first entry."""
        ...

    def apply(self, state: S, logged: Logged) -> S:
        """The state after `logged`."""
        ...

    def decide(self, before: S, after: S, logged: Logged) -> tuple[Draft, ...]:
        """What to submit because of `logged`: `before` and `after` are the states around it."""
        ...

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        """The entries that report a job's outcome. It sees no state: what it says depends on the job alone."""
        ...


AnyBehaviour = Behaviour[Any]
