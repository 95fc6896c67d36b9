"""One line for each notable event, for logs and for terminals that are none."""

from collections.abc import Callable
from typing import Any

from lab_agents.display.scene import Scene
from lab_agents.messages import course, life, work
from lab_agents.messages.frames import Logged
from lab_agents.report.wording import composition_text, with_deviation

Words = Callable[[Any, Scene], str]


def line_for(logged: Logged, scene: Scene) -> str | None:
    """The line for an entry that `scene` has taken, or None where it is not worth one."""
    words = _WORDS.get(type(logged.entry.record))
    if words is None:
        return None
    return f"{logged.entry.at:%Y-%m-%d %H:%M:%S}  {words(logged.entry.record, scene)}"


def _proposal(body: course.ProposalMade, _scene: Scene) -> str:
    samples = body.proposal.candidates
    return (
        f"proposed batch {body.proposal.number}: {samples[0].sample} to {samples[-1].sample} ({body.proposal.planner})"
    )


def _made(body: work.SampleMade, scene: Scene) -> str:
    plan = scene.account.plan
    made = composition_text(body.sample.made.values, plan.space if plan else None)
    return f"{body.sample.id} made by {body.sample.made_by}: {made}"


def _observed(body: course.ObservationMade, scene: Scene) -> str:
    seen = body.observation
    best = scene.best
    mark = "  <- best so far" if best is not None and best.id == seen.sample else ""
    n, of = scene.counts["observed"], scene.account.plan.budget.samples if scene.account.plan else 0
    return f"{seen.sample}: {seen.property} {with_deviation(seen.value, seen.deviation)} ({n} of {of}){mark}"


_WORDS: dict[type, Words] = {
    course.CampaignStarted: lambda b, _: f"campaign {b.plan.name} started by {b.person}",
    course.CampaignPaused: lambda b, _: f"paused: {b.reason}",
    course.CampaignResumed: lambda _b, _: "goes on",
    course.CampaignClosing: lambda b, _: f"closing: {b.reason}",
    course.CampaignFinished: lambda b, _: (
        f"finished: {b.n_made} made, {b.n_observed} concluded, {b.n_failed} failed ({b.reason})"
    ),
    course.ProposalMade: _proposal,
    course.ObservationMade: _observed,
    course.ObservationRetracted: lambda b, _: f"{b.sample}: observation retracted: {b.reason}",
    course.RemeasureRequested: lambda b, _: f"{b.sample} is measured again: {b.reason}",
    course.PlannerExhausted: lambda b, _: f"the planner has nothing left: {b.reason}",
    course.TicketOpened: lambda b, _: f"TICKET {b.ticket.id} ({b.ticket.raised_by}): {b.ticket.trouble.what}",
    course.TicketClosed: lambda b, _: f"ticket {b.ticket} answered by {b.person}: {b.answer}",
    course.AgentDeclaredOut: lambda b, _: f"{b.agent} is out: {b.reason}",
    course.AgentDeclaredIn: lambda b, _: f"{b.agent} is in again",
    course.StopRecorded: lambda b, _: f"STOPPED {b.machine} by {b.person}: {b.reason} ({b.stop})",
    course.Rearmed: lambda b, _: f"re-armed {b.machine} by {b.person}: {b.reason}",
    work.SampleMade: _made,
    work.SampleQuarantined: lambda b, _: f"{b.sample} quarantined: {b.reason}",
    work.TaskFailed: lambda b, _: f"{b.task} failed on {b.owner}: {b.cause}",
    life.AgentStarted: lambda b, _: f"{b.agent} started (epoch {b.epoch}{', journal rebuilt' if b.rebuilt else ''})",
    life.LabChanged: lambda b, _: f"laboratory {b.laboratory.name} changed (version {b.version})",
    life.EntryRefused: lambda b, _: f"the recorder refused {b.refused_id or 'an entry'} of {b.source}: {b.reason}",
}
