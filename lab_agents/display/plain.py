"""One line for each notable event, for logs and for terminals that are none."""

from collections.abc import Callable
from typing import Any

from lab_agents.display.scene import Scene
from lab_agents.messages import commands, course, life, work
from lab_agents.messages.frames import Logged
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.target_words import plain_name
from lab_agents.report.wording import composition_text, percent, with_deviation, with_unit

Words = Callable[[Any, Scene], str | None]


def line_for(logged: Logged, scene: Scene) -> str | None:
    """The line for an entry that `scene` has taken, or None where it is not worth one."""
    words = _WORDS.get(type(logged.entry.record))
    if words is None:
        return None
    said = words(logged.entry.record, scene)
    return None if said is None else f"{logged.entry.at:%Y-%m-%d %H:%M:%S}  {said}"


def _proposal(body: course.ProposalMade, _scene: Scene) -> str:
    samples = body.proposal.candidates
    return (
        f"proposed batch {body.proposal.number}: {samples[0].sample} to {samples[-1].sample} ({body.proposal.planner})"
    )


def _made(body: work.SampleMade, scene: Scene) -> str:
    plan = scene.account.plan
    made = composition_text(body.sample.made.values, plan.space if plan else None)
    return f"{body.sample.id} made by {body.sample.made_by}: {made}"


def _observed(body: course.ObservationMade, scene: Scene) -> str | None:
    """Of one measurement a sample; where there are several, the last word on each tells all of it in one line."""
    seen = body.observation
    if _n_steps(scene) > 1:
        return None
    return f"{seen.sample}: {seen.property} {with_deviation(seen.value, seen.deviation)} {_how_far(seen.sample, scene)}"


def _concluded(body: course.MeasurementConcluded, scene: Scene) -> str | None:
    sample, plan = scene.account.samples.get(body.sample), scene.account.plan
    if plan is None or sample is None or (_n_steps(scene) == 1 and not body.unread):
        return None
    wanted = [o for o in sample.observations.values() if o.property in plan.target.properties]
    said = [
        f"{plain_name(o.property)} {with_unit(o.value, o.deviation, o.unit)}"
        for o in wanted
        if o.measurement == body.measurement
    ]
    said += [f"{plain_name(u.property)} not read: {u.reason}" for u in body.unread]
    kind = plan.measurements[body.step] if body.step < len(plan.measurements) else "measurement"
    line = f"{body.sample} {kind}: {'; '.join(said) or 'concluded'}"
    is_last = body.step + 1 >= len(plan.measurements)
    return f"{line} {_judged(sample, scene)}{_how_far(body.sample, scene)}" if is_last else line


def _judged(sample: SampleAccount, scene: Scene) -> str:
    plan, value = scene.account.plan, sample.objective
    if plan is None or not plan.target.constraints:
        return ""
    objective = f"{plain_name(plan.target.property)} {value.text}, " if value is not None else ""
    return f"=> {objective}{'HIT' if sample.is_hit else 'no hit'}, chance {percent(sample.chance)} "


def _how_far(sample: str, scene: Scene) -> str:
    best = scene.best
    mark = "  <- best so far" if best is not None and best.id == sample else ""
    n, of = scene.counts["observed"], scene.account.plan.budget.samples if scene.account.plan else 0
    return f"({n} of {of}){mark}"


def _awarded(body: course.WorkAwarded, scene: Scene) -> str | None:
    """Of awards, only those that wait for a person are worth a line."""
    award = scene.account.approvals.waiting.get(body.work)
    if award is None:
        return None
    return f"APPROVAL {award.to_text(scene.account.plan.space if scene.account.plan else None)}: {award.command}"


def _n_steps(scene: Scene) -> int:
    return len(scene.account.plan.measurements) if scene.account.plan is not None else 1


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
    course.MeasurementConcluded: _concluded,
    course.ObservationRetracted: lambda b, _: f"{b.sample}: observation retracted: {b.reason}",
    course.ControlJudged: lambda b, _: (
        f"{b.sample}: {b.property} is {f'out of control by rule {b.rule}' if b.rule else 'in control'}"
    ),
    course.RemeasureRequested: lambda b, _: f"{b.sample} is measured again: {b.reason}",
    course.PlannerExhausted: lambda b, _: f"the planner has nothing left: {b.reason}",
    course.WorkAwarded: _awarded,
    commands.GiveApproval: lambda b, _: f"{b.work} approved by {b.person}",
    commands.DenyApproval: lambda b, _: f"{b.work} denied by {b.person}: {b.reason}",
    life.TroubleMet: lambda b, _: b.trouble.what if b.trouble.severity == "note" else None,
    course.TicketOpened: lambda b, _: f"TICKET {b.ticket.id} ({b.ticket.raised_by}): {b.ticket.trouble.what}",
    course.TicketClosed: lambda b, _: f"ticket {b.ticket} answered by {b.person}: {b.answer}",
    course.AgentDeclaredOut: lambda b, _: f"{b.agent} is out: {b.reason}",
    course.AgentDeclaredIn: lambda b, _: f"{b.agent} is in again",
    course.StopRecorded: lambda b, _: f"STOPPED {b.machine} by {b.person}: {b.reason} ({b.stop})",
    course.DrillPassed: lambda b, _: f"drill of {b.machine} by {b.person}: every instrument was confirmed safe",
    course.Rearmed: lambda b, _: f"re-armed {b.machine} by {b.person}: {b.reason}",
    work.SampleMade: _made,
    work.SampleQuarantined: lambda b, _: f"{b.sample} quarantined: {b.reason}",
    work.TaskFailed: lambda b, _: f"{b.task} failed on {b.owner}: {b.cause}",
    life.AgentStarted: lambda b, _: f"{b.agent} started (epoch {b.epoch}{', journal rebuilt' if b.rebuilt else ''})",
    life.LabChanged: lambda b, _: f"laboratory {b.laboratory.name} changed (version {b.version})",
    life.EntryRefused: lambda b, _: f"the recorder refused {b.refused_id or 'an entry'} of {b.source}: {b.reason}",
}
