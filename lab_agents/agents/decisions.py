"""One step of an agent over one entry, and the ids of what it decides: shared by the loop, rebuilding and replay."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from lab_agents.agents.behaviour import AgentState, Behaviour, Draft
from lab_agents.log import Wants
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.messages.work import work_of
from lab_agents.records.ticket import Trouble

S = TypeVar("S", bound=AgentState)


@dataclass(frozen=True)
class Step(Generic[S]):
    """The state after an entry and what is to be submitted because of it."""

    state: S
    drafts: tuple[Draft, ...]


READ_BY_ALL = frozenset({"EntryRefused", "EntryVoided", "TroubleMet"})
"""Kinds that may be about any agent, whatever its role: what was refused, who is stuck, and what may be passed over."""


def follows(behaviour: Behaviour[S]) -> frozenset[str]:
    """Kinds of entries that this agent must read, whoever wrote them."""
    return behaviour.kinds | READ_BY_ALL


def wants(name: str, behaviour: Behaviour[S]) -> Wants:
    """Which entries this agent must read; of all others the position is enough."""
    kinds = follows(behaviour)
    return lambda source, kind: source == name or kind in kinds


def concerns(name: str, behaviour: Behaviour[S], logged: Logged) -> bool:
    """Whether an entry is more to this agent than a position: its own, of a kind it follows, or its own refused."""
    return logged.seal.source == name or logged.entry.kind in behaviour.kinds or _refuses(name, logged)


def heeds(name: str, behaviour: Behaviour[S], before: S, after: S, logged: Logged) -> bool:
    """Whether an entry that concerns this agent may make it act: the clock waits until it has been handled."""
    told, kind = behaviour.only_told, logged.entry.kind
    if logged.seal.source == name:
        return True
    if kind in told.works:
        work = work_of(logged.entry.record)
        return work in before.works() or work in after.works()
    return kind not in told.kinds


def step(name: str, behaviour: Behaviour[S], state: S, logged: Logged) -> Step[S]:
    """Apply and decide. An entry that the recorder refused also makes trouble known, whatever the role."""
    after = behaviour.apply(state, logged)
    drafts = behaviour.decide(state, after, logged)
    return Step(after, (*drafts, *_report_refusal(logged)) if _refuses(name, logged) else drafts)


def decision_id(name: str, position: int, ordinal: int) -> str:
    """The id of the entry that `name` decided on `position`, counted from 0."""
    return f"{name}/{position}/{ordinal}"


def _refuses(name: str, logged: Logged) -> bool:
    record = logged.entry.record
    return isinstance(record, EntryRefused) and record.source == name


def _report_refusal(logged: Logged) -> tuple[Draft, ...]:
    record = logged.entry.record
    assert isinstance(record, EntryRefused)  # noqa: S101 - narrows the type for the checker; `_refuses` said so
    trouble = Trouble(
        what=f"The recorder refused an entry of {record.source}: {record.reason}"[:2000],
        severity="stopped",
        evidence={"raw": record.raw, "sequence": str(record.sequence)},
        remedies=("report the fault with the raw bytes", "restart the agent with mended software"),
    )
    return (Draft(body=TroubleMet(trouble=trouble, position=logged.position), subject=record.source),)
