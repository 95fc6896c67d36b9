"""What supervision meets outside the log, as entries: pure functions from a report to named drafts.

The loop calls them with every status it hears or misses, and submits each result as it is
(`await agent.sense(sense.name, sense.drafts)`), each name once in the life of its process. Names make the ids, so that
saying a thing twice is harmless: the recorder answers a known entry with its position.
"""

from collections.abc import Iterable
from datetime import datetime

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.supervision_state import SupervisionState
from lab_agents.agents.unread import Unread
from lab_agents.messages.course import AgentDeclaredIn, AgentDeclaredOut, DrillPassed, Rearmed, StopRecorded
from lab_agents.messages.frames import AgentStatus, GuardStatus, Head
from lab_agents.messages.life import TroubleMet
from lab_agents.notify.pending import ChannelState
from lab_agents.records.base import Record
from lab_agents.records.ticket import Trouble

BUS = "bus"
"""Subject of the ticket about messages that nobody can read."""


class Sense(Record):
    """Something met, under the name that its entries' ids derive from."""

    name: str
    drafts: tuple[Draft, ...]


def sense_silence(state: SupervisionState, agent: str, seconds: float, stuck: str = "") -> tuple[Sense, ...]:
    """A declared agent has been silent or stuck for `seconds` of wall time, longer than `Settings.declare_out`."""
    if state.lab is None or agent not in state.lab.agents or agent in state.out:
        return ()
    body = AgentDeclaredOut(agent=agent, reason=f"{stuck or 'silent'} for {seconds:.0f} s")
    return (Sense(name=f"out/{agent}-{state.known.get(agent, 0)}", drafts=(Draft(body=body, subject=agent),)),)


def sense_status(state: SupervisionState, status: AgentStatus, head: int) -> tuple[Sense, ...]:
    """An agent that was declared out is back once it is alive and has handled the head."""
    if status.agent not in state.out or not status.alive or status.stuck or status.position < head:
        return ()
    body = AgentDeclaredIn(agent=status.agent)
    name = f"in/{status.agent}-{state.known.get(status.agent, 0)}"
    return (Sense(name=name, drafts=(Draft(body=body, subject=status.agent),)),)


def sense_behind(state: SupervisionState, status: AgentStatus, head: int, seconds: float) -> tuple[Sense, ...]:
    """An agent beats but has taken no entry for `seconds` of wall time although there are some for it."""
    name = status.agent
    is_declared = state.lab is not None and name in state.lab.agents
    if not is_declared or name in state.out or status.position >= head:
        return ()
    trouble = Trouble(
        what=f"{name} says that it lives, but takes no entry",
        evidence={
            "position": str(status.position),
            "head": str(head),
            "wall seconds": f"{seconds:.0f}",
            "activity": status.activity[:500],
            "process": str(status.pid),
        },
        remedies=("seen", "close the campaign"),
        default="seen",
    )
    draft = Draft(body=TroubleMet(trouble=trouble), subject=name)
    return (Sense(name=f"behind/{name}-{status.epoch}-{status.position}", drafts=(draft,)),)


def sense_dead_letters(state: SupervisionState, head: Head) -> tuple[Sense, ...]:
    """Messages to the recorder that name no source; one ticket stands for all that came before it is answered."""
    if head.dead_letters == 0 or any(o.ticket.subject == "recorder" for o in state.tickets.open.values()):
        return ()
    trouble = Trouble(
        what="Somebody sends the recorder messages that nobody can read; they are kept as blobs",
        evidence={"count": str(head.dead_letters), "last": head.dead_letter or ""},
        remedies=("seen",),
        default="seen",
    )
    name = f"dead/{head.recorder}-{head.dead_letters}"
    return (Sense(name=name, drafts=(Draft(body=TroubleMet(trouble=trouble), subject="recorder"),)),)


def sense_unread(state: SupervisionState, unread: Unread, epoch: int) -> tuple[Sense, ...]:
    """Messages beside the log that supervision of `epoch` could not read; one ticket stands for all, as above."""
    if unread.count == 0 or any(o.ticket.subject == BUS for o in state.tickets.open.values()):
        return ()
    trouble = Trouble(
        what="Somebody sends statuses, permits or stop requests that nobody can read; they are kept as blobs",
        evidence={
            "count": str(unread.count),
            "kept": str(unread.n_kept),
            "topic": unread.topic[:500],
            "last": unread.blob or "",
        },
        remedies=("seen",),
        default="seen",
    )
    draft = Draft(body=TroubleMet(trouble=trouble), subject=BUS)
    return (Sense(name=f"unread/{epoch}-{unread.count}", drafts=(draft,)),)


def sense_deaf(state: SupervisionState, channel: ChannelState) -> tuple[Sense, ...]:
    """A notification channel takes nothing; where it is the only one, nobody outside would hear of it."""
    subject = f"channel-{channel.name}"
    if any(o.ticket.subject == subject for o in state.tickets.open.values()):
        return ()
    trouble = Trouble(
        what=f"Nobody is told anything by {channel.name}: it takes nothing",
        evidence={
            "since": channel.failing_since or "",
            "error": channel.error[:500],
            "waiting": str(channel.n_waiting),
        },
        remedies=("seen",),
        default="seen",
    )
    draft = Draft(body=TroubleMet(trouble=trouble), subject=subject)
    since = "" if channel.failing_since is None else f"{datetime.fromisoformat(channel.failing_since):%Y%m%dT%H%M%SZ}"
    return (Sense(name=f"deaf/{channel.name}-{since}", drafts=(draft,)),)


def sense_guard(state: SupervisionState, status: GuardStatus) -> tuple[Sense, ...]:
    """Stops, re-arms, drills and held children that a guard reports; also those from while the log was down."""
    machine = status.machine
    lifted = [r.request for r in status.rearms if r.request and r.stop not in state.rearms.get(machine, ())]
    senses = [
        Sense(
            name=f"stop/{machine}-{request.id}",
            drafts=_entries(
                StopRecorded(stop=request.id, person=request.person, reason=request.reason, machine=machine), machine
            ),
        )
        for request in (*lifted, *status.stops)
        if request.id not in state.stops.get(machine, ())
    ]
    senses.extend(
        Sense(
            name=f"rearm/{machine}-{rearm.stop}",
            drafts=_entries(
                Rearmed(stop=rearm.stop, person=rearm.person, reason=rearm.reason, machine=machine), machine
            ),
        )
        for rearm in status.rearms
        if rearm.stop not in state.rearms.get(machine, ())
    )
    senses.extend(_drilled(state, status))
    senses.extend(_held(status))
    return tuple(senses)


def _drilled(state: SupervisionState, status: GuardStatus) -> Iterable[Sense]:
    drill, known = status.drilled, state.drills.passed.get(status.machine)
    if drill is None or (known is not None and known.drill == drill.id):
        return
    body = DrillPassed(drill=drill.id, person=drill.person, machine=status.machine, held_at=drill.at)
    yield Sense(name=f"drill/{status.machine}-{drill.id}", drafts=_entries(body, status.machine))


def _held(status: GuardStatus) -> Iterable[Sense]:
    """A child that ends again and again is held by its guard: a person must say what to do."""
    for child, reason in sorted(status.held.items()):
        trouble = Trouble(
            what=f"The guard of {status.machine} holds {child}: {reason}"[:2000],
            severity="stopped",
            remedies=("mend it and restart the guard",),
            default="mend it and restart the guard",
        )
        draft = Draft(body=TroubleMet(trouble=trouble), subject=child)
        yield Sense(name=f"held/{status.machine}-{status.epoch}-{child}", drafts=(draft,))


def _entries(body: StopRecorded | Rearmed | DrillPassed, machine: str) -> tuple[Draft, ...]:
    return (Draft(body=body, subject=machine),)
