"""When planning asks its planner, what it asks, and what comes of the answer.

The next ask comes when every sample of the batch has ended: observed and trained on, failed, refused or lapsed. It asks
for at most what the budget leaves. A campaign whose proposals cannot be begun, again and again, asks a person instead.
"""

from collections.abc import Iterable

from lab_agents.agents.behaviour import Draft, Job, JobOutcome
from lab_agents.agents.causes import cause_of, keyed_seed
from lab_agents.agents.contests import Contest
from lab_agents.agents.knowledge import Knowledge, as_list, fill_in, follow_knowledge
from lab_agents.agents.planning_state import PlanningState, Pursuit
from lab_agents.agents.spending import find_ruin, follow_spending
from lab_agents.messages.course import (
    BudgetGranted,
    BudgetSpent,
    CampaignClosing,
    CampaignFinished,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    ModelTrained,
    ObservationRetracted,
    PlannerExhausted,
    ProposalMade,
    TicketClosed,
)
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.messages.work import (
    AwardDeclined,
    ConsumableUsed,
    ReservationRefused,
    ReservationReleased,
    SampleQuarantined,
)
from lab_agents.records.control import is_control
from lab_agents.records.proposal import Proposal
from lab_agents.records.questions import ASK_ANSWER, AskArguments, RefusedCandidate
from lab_agents.records.ticket import Trouble

MOST_FRUITLESS = 10
"""Proposals in a row of which nothing could be begun, before a person is asked: enough for a planner to learn what is
infeasible, few enough that a campaign nobody can serve does not spin through the night."""
MOST_UNPAID = 3
"""Awards in a row that lines decline as not paid for while nothing is being made, before a person is asked: planning
counts the same as they do then, so that one of them errs."""
REMEDIES = ("try again", "close the campaign")
"""The last one is the default: a lab that nobody watches ends cleanly instead of waiting for ever."""


def follow_pursuit(state: PlanningState, logged: Logged, me: str) -> PlanningState:
    """The state after an entry, as far as the open campaign goes; offers and fates are up to date already."""
    body = logged.entry.record
    if isinstance(body, CampaignStarted):
        begun = Pursuit(plan=body.plan, started_at=logged.entry.at)
        return state.model_copy(update={"pursuit": begun, "known": Knowledge()})
    pursuit = state.pursuit
    if pursuit is None:
        return state
    if isinstance(body, CampaignFinished) and logged.entry.campaign == pursuit.plan.name:
        return state.model_copy(update={"pursuit": None, "known": Knowledge()})
    if logged.entry.campaign == pursuit.plan.name:
        state = state.model_copy(update={"known": follow_knowledge(state.known, body)})
    if isinstance(body, TicketClosed):
        again = logged.entry.subject == pursuit.plan.name and body.answer == "try again"
        changes: dict[str, object] = {"trouble": "", "n_fruitless": 0, "n_unpaid": 0, "batch": ()} if again else {}
    else:
        changes = _progress(pursuit, logged) if logged.entry.campaign == pursuit.plan.name else {}
        changes |= _answer(pursuit, body, logged) if logged.seal.source == me else {}
    if isinstance(body, EntryRefused) and _refuses_answer(pursuit, body, me):
        what = f"The recorder refused the planner's answer: {body.reason}"[:2000]
        changes = {"asking": None, "trouble": what, "since": logged.position}
    return state.model_copy(update={"pursuit": pursuit.model_copy(update=changes)}) if changes else state


def _refuses_answer(pursuit: Pursuit, body: EntryRefused, me: str) -> bool:
    asking = pursuit.asking
    return body.source == me and asking is not None and cause_of(body.refused_id) == asking.cause


def _progress(pursuit: Pursuit, logged: Logged) -> dict[str, object]:
    """What entries of others change. A model that knew what is retracted is not used again, nor one on its way."""
    body = logged.entry.record
    match body:
        case BudgetGranted():
            return {"granted": body.samples}
        case ConsumableUsed():
            return {"spending": follow_spending(pursuit.spending, logged)}
        case ReservationReleased() | ReservationRefused() | SampleQuarantined():
            return {"spending": follow_spending(pursuit.spending, logged), "n_unpaid": 0}
        case CampaignPaused():
            return {"is_paused": True}
        case CampaignResumed():
            return {"is_paused": False}
        case CampaignClosing():
            return {"is_closing": True, "asking": None, "trouble": ""}
        case ObservationRetracted():
            return {"model": None, "retracted": logged.position}
        case ModelTrained() if (logged.entry.cause or logged.position) >= pursuit.retracted:
            return {"model": body.model.checkpoint}
        case _:
            return {}


def _answer(pursuit: Pursuit, body: Body, logged: Logged) -> dict[str, object]:
    """What the own answer to an ask changes when it comes back; one that came too late changes nothing."""
    if pursuit.asking is None or logged.entry.cause != pursuit.asking.cause:
        return {}
    match body:
        case ProposalMade():
            batch = tuple(c.sample for c in body.proposal.candidates)
            n_samples = pursuit.n_samples + len(batch)
            return {"asking": None, "n_proposals": body.proposal.number, "n_samples": n_samples, "batch": batch}
        case PlannerExhausted():
            return {"asking": None, "is_exhausted": True}
        case TroubleMet():
            # Said already by the entry itself: `since` stays behind, so that it is not said again.
            return {"asking": None, "trouble": body.trouble.what}
        case _:
            return {}


def note_refusals(state: PlanningState, position: int) -> PlanningState:
    """The state with the candidates whose windows this entry closed because every able bidder refused.

    Feasibility data are only those that nobody can ever make; any other reason is kept for a person.
    """
    pursuit = state.pursuit
    if pursuit is None:
        return state
    for _, contest in sorted(state.contests.items()):
        if contest.closed != position or contest.phase != "refused" or contest.offer.kind != "make":
            continue
        if is_control(contest.offer.sample):
            continue
        refusals = sorted(contest.refusals.items())
        codes = {declined.code for _, declined in refusals}
        if refusals and codes <= {"infeasible", "not_mine"}:
            candidate = RefusedCandidate(
                candidate=contest.offer.asked,
                refused_by=tuple(bidder for bidder, _ in refusals),
                reasons=tuple(declined.reason for _, declined in refusals),
            )
            pursuit = pursuit.model_copy(update={"refused": (*pursuit.refused, candidate)})
        else:
            reason = "; ".join(f"{bidder}: {declined.reason}" for bidder, declined in refusals)
            pursuit = pursuit.model_copy(update={"obstacle": reason or "no agent is declared for this work"})
    return state.model_copy(update={"pursuit": pursuit})


def note_unpaid(state: PlanningState, logged: Logged) -> PlanningState:
    """The state after a line declined a work as not paid for; the contests are up to date already."""
    pursuit, body = state.pursuit, logged.entry.record
    if pursuit is None or not isinstance(body, AwardDeclined) or body.code != "not_paid_for":
        return state
    if logged.entry.campaign != pursuit.plan.name:
        return state
    changes: dict[str, object] = {"n_unpaid": max(1, pursuit.n_unpaid)}
    if not is_making(state.contests.values()):
        changes = {"n_unpaid": pursuit.n_unpaid + 1}
        if changes["n_unpaid"] == MOST_UNPAID:
            what = f"{body.bidder} and planning do not agree on what the budget still pays for: {body.reason}"
            changes |= {"trouble": what[:2000], "since": logged.position}
    return state.model_copy(update={"pursuit": pursuit.model_copy(update=changes)})


def awaits_payment(pursuit: Pursuit, contests: Iterable[Contest]) -> bool:
    """Whether no sample is awarded because a line found one not paid for: what is under way ends first."""
    return pursuit.n_unpaid >= MOST_UNPAID or (pursuit.n_unpaid > 0 and is_making(contests))


def is_making(contests: Iterable[Contest]) -> bool:
    """Whether any work that makes a sample is awarded or taken on."""
    return any(c.offer.kind == "make" and c.phase in ("awarded", "accepted") for c in contests)


def find_end_of_means(state: PlanningState, logged: Logged) -> PlanningState:
    """The state with the campaign's ruin booked, where the rest of its budget pays for no further sample."""
    pursuit = state.pursuit
    if pursuit is None or pursuit.is_paused or pursuit.is_closing or pursuit.is_exhausted:
        return state
    ruin = find_ruin(state.purse(logged.entry.at), state.contests.values())
    if not ruin:
        return state
    spent = {"is_exhausted": True, "ruin": ruin, "since": logged.position}
    return state.model_copy(update={"pursuit": pursuit.model_copy(update=spent)})


def ask_next(state: PlanningState, position: int) -> PlanningState:
    """The state with the next ask under way, if everything of the last batch has ended and budget is left."""
    pursuit = state.pursuit
    if pursuit is None or not _may_ask(pursuit) or not all(f.has_ended for f in state.fates.values()):
        return state
    n = min(pursuit.plan.batch, pursuit.granted - state.n_spent)
    if n < 1:
        return state
    is_begun = (s not in state.fates or state.fates[s].is_spent for s in pursuit.batch)
    is_fruitless = bool(pursuit.batch) and not any(is_begun)
    n_fruitless = pursuit.n_fruitless + 1 if is_fruitless else 0
    trouble = _find_trouble(pursuit, n_fruitless) if is_fruitless else ""
    update: dict[str, object] = {"n_fruitless": n_fruitless, "obstacle": "", "batch": ()}
    if trouble:
        update |= {"trouble": trouble, "since": position}
    else:
        update["asking"] = _ask(state, pursuit, n, position)
    return state.model_copy(update={"pursuit": pursuit.model_copy(update=update)})


def _may_ask(pursuit: Pursuit) -> bool:
    holds = pursuit.is_paused or pursuit.is_closing or pursuit.is_exhausted or pursuit.trouble
    return not holds and pursuit.asking is None


def _find_trouble(pursuit: Pursuit, n_fruitless: int) -> str:
    if pursuit.obstacle:
        return f"No candidate of the last proposal could be begun: {pursuit.obstacle}"[:2000]
    if n_fruitless >= MOST_FRUITLESS:
        return (
            f"Every candidate of the last {n_fruitless} proposals was refused as infeasible; widen limits or the space"
        )
    return ""


def _ask(state: PlanningState, pursuit: Pursuit, n: int, position: int) -> Job:
    plan, number = pursuit.plan, pursuit.n_proposals + 1
    question = AskArguments(
        campaign=plan.name,
        number=number,
        target=plan.target,
        space=plan.space,
        planner=plan.planner,
        refused=pursuit.refused,
        n=n,
        first_sample=pursuit.n_samples + 1,
        seed=keyed_seed(plan.seed, plan.name, "ask", number),
        model=pursuit.model,
    )
    return Job(
        id=f"{position}/ask",
        cause=position,
        kind="compute",
        name="ask",
        campaign=plan.name,
        subject=plan.name,
        arguments=fill_in(question, {**state.known.lists(), "made": _made(state)}),
    )


def _made(state: PlanningState) -> str:
    """All candidates ever proposed in the campaign, by sample, as a JSON list."""
    others = {name: fate.candidate.model_dump_json() for name, fate in state.fates.items() if not fate.is_control}
    return as_list({**others, **state.tried})


def conclude_ask(job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
    """The proposal, that there is none left, or the trouble of asking."""
    body: Body
    if not outcome.ok:
        what = f"The planner could not be asked: {outcome.error}"[:2000]
        body = TroubleMet(trouble=Trouble(what=what, remedies=REMEDIES, default=REMEDIES[-1]))
    else:
        answer = ASK_ANSWER.validate_json(outcome.answer)
        body = (
            ProposalMade(proposal=answer) if isinstance(answer, Proposal) else PlannerExhausted(reason=answer.exhausted)
        )
    return (Draft(body=body, subject=job.subject, campaign=job.campaign),)


def report_trouble(pursuit: Pursuit, position: int) -> tuple[Draft, ...]:
    """The trouble that this entry brought, or that the budget is spent, if it did."""
    if pursuit.ruin and pursuit.since == position:
        said = BudgetSpent(reason=f"the budget pays for no further sample: {pursuit.ruin}")
        return (Draft(body=said, subject=pursuit.plan.name, campaign=pursuit.plan.name),)
    if not pursuit.trouble or pursuit.since != position:
        return ()
    trouble = Trouble(what=pursuit.trouble, remedies=REMEDIES, default=REMEDIES[-1])
    return (Draft(body=TroubleMet(trouble=trouble), subject=pursuit.plan.name, campaign=pursuit.plan.name),)
