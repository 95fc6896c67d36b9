"""A campaign's course as supervision decides it: started, paused, closed and finished, each time by one entry."""

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.film_recipe import PARAMETERS
from lab_agents.agents.stopping_rules import find_enough, follow_progress, says_enough
from lab_agents.agents.supervision_state import Oversight, SupervisionState
from lab_agents.messages.commands import AbortCampaign, PauseCampaign, ResumeCampaign, StartCampaign
from lab_agents.messages.course import (
    BudgetGranted,
    BudgetSpent,
    CampaignClosing,
    CampaignFinished,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    PlannerExhausted,
    TicketClosed,
)
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import TimerRang, TroubleMet
from lab_agents.records.base import with_item
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.laboratory import Laboratory

LONGEST_NAME = 48
"""Names are at most this long; a longer one is cut where its number is added."""


def name_plan(state: SupervisionState, plan: CampaignPlan) -> CampaignPlan | str:
    """The plan under a name that no campaign of this laboratory has had, or why it cannot be started."""
    if state.campaign is not None:
        open_plan = state.campaign.plan
        same = " with the same content" if open_plan.content == plan.content else ""
        return f"Campaign {plan.name} is not started: {open_plan.name}{same} is open; wait for its end, or abort it"
    objection = "no laboratory is open" if state.lab is None else find_gap(state.lab, plan)
    if objection is not None:
        return f"Campaign {plan.name} is not started: {objection}"
    n_used = state.used.get(plan.name, 0)
    if n_used == 0:
        return plan
    ending = f"_{n_used + 1}"
    return plan.model_copy(update={"name": plan.name[: LONGEST_NAME - len(ending)] + ending})


def find_gap(lab: Laboratory, plan: CampaignPlan) -> str | None:
    """What the laboratory lacks for a campaign, or None."""
    lines = lab.agents_of("synthesis")
    unknown = sorted(set(plan.lines) - set(lines))
    if unknown:
        return f"{lab.name} has no line {', '.join(unknown)}; its lines are {', '.join(lines)}"
    if not lines:
        return f"{lab.name} declares no synthesis line"
    stations = lab.agents_of("characterization")
    kinds = sorted({str(lab.agents[s].settings.get("kind", "")) for s in stations})
    for kind in plan.measurements:
        if kind not in kinds:
            return f"{lab.name} cannot measure {kind}; it can measure {', '.join(kinds) or 'nothing'}"
    varied = {channel.parameter for channel in lab.channels}
    if any(lab.agents[line].settings.get("recipe") == "film" for line in lines):
        varied.update(PARAMETERS)
    missing = sorted(p.name for p in plan.space.parameters if p.name not in varied)
    return f"{lab.name} has no channel for {', '.join(missing)}" if missing else None


def follow_campaign(state: SupervisionState, logged: Logged, me: str) -> SupervisionState:
    """The state after an entry, as far as the open campaign goes: what will be said is booked here."""
    body, campaign = logged.entry.record, state.campaign
    if isinstance(body, StartCampaign):
        return _start(state, body, logged.position)
    if campaign is None:
        return state
    if isinstance(body, CampaignFinished):
        fates = {s: f for s, f in state.fates.items() if f.campaign != campaign.plan.name}
        return state.model_copy(update={"campaign": None, "fates": fates})
    if isinstance(body, CampaignStarted):
        phase = "running" if campaign.phase == "starting" else campaign.phase
        update = {"phase": phase, "started_at": logged.entry.at}
        return state.model_copy(update={"campaign": campaign.model_copy(update=update)})
    if isinstance(body, CampaignPaused | CampaignResumed):
        return state.model_copy(update={"campaign": _stand_still(campaign, logged)})
    if isinstance(body, CampaignClosing):
        return state.model_copy(update={"campaign": campaign.model_copy(update={"is_closing_said": True})})
    if campaign.phase not in ("starting", "running"):
        return state
    campaign = _progress(campaign, state.lab, logged)
    state = state.model_copy(update={"campaign": campaign})
    enough = _find_enough(state, campaign, logged, me)
    reason = enough or _find_end(campaign, logged)
    if reason is None:
        return state
    measure = not isinstance(body, AbortCampaign)
    closing = {"phase": "closing", "changed": logged.position, "reason": reason, "is_measured": measure}
    closing["is_early"] = enough is None
    return state.model_copy(update={"campaign": campaign.model_copy(update=closing)})


def _stand_still(campaign: Oversight, logged: Logged) -> Oversight:
    """The campaign with what its pauses lasted: hours of a pause are none of its budget."""
    if isinstance(logged.entry.record, CampaignPaused):
        return campaign.model_copy(update={"paused_at": campaign.paused_at or logged.entry.at})
    if campaign.paused_at is None:
        return campaign
    rested = campaign.rested + (logged.entry.at - campaign.paused_at).total_seconds()
    return campaign.model_copy(update={"paused_at": None, "rested": rested})


def _progress(campaign: Oversight, lab: Laboratory | None, logged: Logged) -> Oversight:
    """The campaign with what its stopping rules look at; nothing is kept where it has none."""
    plan = campaign.plan
    has_rules = plan.stop.target_met is not None or plan.stop.gain is not None
    if not has_rules or lab is None or campaign.started_at is None or logged.entry.campaign != plan.name:
        return campaign
    prices = (lab.prices, campaign.started_at)
    progress = follow_progress(campaign.progress, logged, plan.target, plan.stop.gain, prices)
    return campaign.model_copy(update={"progress": progress})


def _start(state: SupervisionState, body: StartCampaign, position: int) -> SupervisionState:
    plan = name_plan(state, body.plan)
    if isinstance(plan, str):
        return state
    used = with_item(state.used, body.plan.name, state.used.get(body.plan.name, 0) + 1)
    return state.model_copy(update={"used": used, "campaign": Oversight(plan=plan, changed=position)})


def _find_enough(state: SupervisionState, campaign: Oversight, logged: Logged, me: str) -> str | None:
    """Which part of its budget is spent with this entry, or which stopping rule it meets, or None."""
    name, body, plan = campaign.plan.name, logged.entry.record, campaign.plan
    match body:
        case BudgetSpent() if logged.entry.campaign == name:
            return body.reason
        case TimerRang() if logged.seal.source == me and (logged.entry.subject, body.purpose) == (name, "hours"):
            return f"the budget of {plan.budget.hours:g} hours is spent"
        case _ if says_enough(logged) and logged.entry.campaign == name:
            enough = find_enough(campaign.progress, plan.target, plan.stop.target_met, plan.stop.gain)
            return enough or _find_spent(state, campaign)
        case _:
            return _find_spent(state, campaign)


def _find_end(campaign: Oversight, logged: Logged) -> str | None:
    """Why the running campaign closes early with this entry, or None."""
    name, body = campaign.plan.name, logged.entry.record
    match body:
        case AbortCampaign() if _concerns(logged, name):
            return f"aborted by {body.person}: {body.reason}"
        case PlannerExhausted() if logged.entry.campaign == name:
            return f"the planner has nothing left to propose: {body.reason}"
        case TicketClosed() if body.answer == "close the campaign":
            return f"{body.person} answered {body.ticket}: close the campaign"
        case TroubleMet() if body.closes and logged.entry.campaign == name:
            return f"its recipe ends it: {body.trouble.what}"
        case _:
            return None


def _find_spent(state: SupervisionState, campaign: Oversight) -> str | None:
    ours = [f for f in state.fates.values() if f.campaign == campaign.plan.name and not f.is_control]
    n_settled = state.settled.get(campaign.plan.name, 0)
    n_begun = n_settled + sum(f.is_made or f.stage == "failed" for f in ours)
    samples = campaign.plan.budget.samples
    return f"the budget of {samples} samples is spent" if n_begun >= samples else None


def _concerns(logged: Logged, name: str) -> bool:
    """Commands without a campaign mean the open one."""
    return logged.entry.campaign in (None, name)


def finish(state: SupervisionState, position: int) -> SupervisionState:
    """The state with the end booked, if nothing is left of a closing campaign."""
    campaign = state.campaign
    if campaign is None or campaign.phase != "closing" or not campaign.is_closing_said or state.left():
        return state
    update = {"phase": "finishing", "changed": position}
    return state.model_copy(update={"campaign": campaign.model_copy(update=update)})


def say_campaign(before: SupervisionState, after: SupervisionState, logged: Logged) -> tuple[Draft, ...]:
    """What this entry changed in the campaign's course."""
    campaign, body = after.campaign, logged.entry.record
    if campaign is None:
        return ()
    bodies: list[Body] = []
    has_changed = campaign.changed == logged.position
    if has_changed and campaign.phase == "starting" and isinstance(body, StartCampaign):
        bodies.append(CampaignStarted(plan=campaign.plan, person=body.person))
        bodies.append(BudgetGranted(samples=campaign.plan.budget.samples))
    elif has_changed and campaign.phase == "closing":
        bodies.append(CampaignClosing(reason=campaign.reason, measure=campaign.is_measured, is_early=campaign.is_early))
    elif has_changed and campaign.phase == "finishing":
        bodies.append(_finished(after, campaign))
    if campaign.phase != "finishing" and _concerns(logged, campaign.plan.name):
        bodies.extend(_pause(body))
    return tuple(Draft(body=b, subject=campaign.plan.name, campaign=campaign.plan.name) for b in bodies)


def _pause(body: Body) -> tuple[Body, ...]:
    if isinstance(body, PauseCampaign):
        reason = f"{body.person}: {body.reason}" if body.reason else body.person
        return (CampaignPaused(reason=reason, at_once=body.at_once),)
    return (CampaignResumed(reason=body.person),) if isinstance(body, ResumeCampaign) else ()


def _finished(state: SupervisionState, campaign: Oversight) -> CampaignFinished:
    fates = [f for f in state.fates.values() if f.campaign == campaign.plan.name and not f.is_control]
    n_settled = state.settled.get(campaign.plan.name, 0)
    return CampaignFinished(
        reason=campaign.reason,
        n_made=n_settled + sum(f.is_made for f in fates),
        n_observed=n_settled + sum(f.is_observed for f in fates),
        n_failed=sum(f.stage == "failed" for f in fates),
    )
