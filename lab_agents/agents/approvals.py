"""What people say to awards that wait for an approval, as planning takes it.

The first word of an approver counts: an approval binds the award, a denial withdraws it. Denied work is not offered
again, and a denied candidate is told to the planner like one that no bidder could make: who denied it, and why.
Whoever may not approve, or speaks of an award that does not wait, is answered with a note in the log.
"""

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.contests import Award, Contest, Denial
from lab_agents.agents.planning_state import PlanningState
from lab_agents.messages.commands import DenyApproval, GiveApproval
from lab_agents.messages.course import AwardWithdrawn
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import TroubleMet
from lab_agents.records.autonomy import may_approve
from lab_agents.records.questions import RefusedCandidate
from lab_agents.records.ticket import Trouble

Word = GiveApproval | DenyApproval


def take_word(contest: Contest, body: Word, position: int) -> Contest:
    """The contest after a person approved or denied; a word that does not count changes nothing."""
    award = contest.award
    if award is None or body.work != contest.offer.work or _why_not(contest, body):
        return contest
    change: dict[str, object] = {"bound": position}
    if isinstance(body, DenyApproval):
        change = {"withdrawn": position, "denial": Denial(person=body.person, reason=body.reason)}
    return contest.model_copy(update={"award": award.model_copy(update=change)})


def find_objection(before: PlanningState, logged: Logged) -> tuple[Draft, ...]:
    """Why an approval or a denial does not count, as a note."""
    body = logged.entry.record
    if not isinstance(body, Word):
        return ()
    contest = before.contests.get(body.work)
    why = f"no award of {body.work} waits for an approval" if contest is None else _why_not(contest, body)
    if not why:
        return ()
    what = f"The word of {body.person} on {body.work} does not count: {why}"[:2000]
    trouble = Trouble(what=what, severity="note")
    return (Draft(body=TroubleMet(trouble=trouble), subject=body.work, campaign=logged.entry.campaign),)


def _why_not(contest: Contest, body: Word) -> str:
    """Why a word on this work does not count, or an empty text."""
    award, round_ = contest.award, contest.offer.round
    if award is None or not award.awaits_approval:
        return f"no award of {body.work} waits for an approval"
    if body.round != round_:
        return f"it is about round {body.round}, and round {round_} waits"
    if not may_approve(body.person, award.approvers):
        return f"this campaign asks {' or '.join(award.approvers)}"
    return ""


def say_denied(contest: Contest, award: Award) -> AwardWithdrawn | None:
    """The end of an award that was denied, or None for one that was not."""
    if award.denial is None:
        return None
    return AwardWithdrawn(
        work=contest.offer.work,
        round=contest.offer.round,
        bidder=award.bidder,
        reason=f"denied by {award.denial.person}: {award.denial.reason}",
        again=False,
    )


def note_denials(state: PlanningState, position: int) -> PlanningState:
    """The state with the candidates that this entry denied, as the planner will be told of them."""
    pursuit = state.pursuit
    if pursuit is None:
        return state
    for _, contest in sorted(state.contests.items()):
        award = contest.award
        if contest.offer.kind != "make" or award is None or award.denial is None or award.withdrawn != position:
            continue
        person, reason = award.denial.person, award.denial.reason
        refused = RefusedCandidate(candidate=contest.offer.asked, refused_by=(person,), reasons=(f"denied: {reason}",))
        pursuit = pursuit.model_copy(update={"refused": (*pursuit.refused, refused)})
    return state.model_copy(update={"pursuit": pursuit})
