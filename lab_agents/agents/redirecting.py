"""Work that a person wants another line or station to do, as planning takes it.

Only work that nobody has accepted yet can be given to another: an award that stands is withdrawn, bids that were made
are dropped, and the next round asks the wanted bidder alone. Taking the amendment back asks everybody again.
"""

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.contests import Contest
from lab_agents.agents.planning_state import PlanningState, Redirection
from lab_agents.messages.course import AmendmentAdmitted
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import TroubleMet
from lab_agents.records.amendment import UseLine
from lab_agents.records.base import with_item, without_item
from lab_agents.records.ticket import Trouble

WITHDRAWN = "a person wants another bidder"


def redirect(state: PlanningState, logged: Logged) -> PlanningState:
    """The state after an amendment was admitted, if it is one of who does the work and can still be done."""
    body = logged.entry.record
    if not isinstance(body, AmendmentAdmitted) or not _concerns(state, body):
        return state
    contest = state.contests.get(body.work)
    if contest is None or contest.phase == "accepted":
        return state
    if isinstance(body.amendment, UseLine):
        wanted = Redirection(version=body.version, line=body.amendment.line)
        redirected = with_item(state.redirected, body.work, wanted)
    else:
        redirected = without_item(state.redirected, body.work)
    contests = with_item(state.contests, body.work, _restart(contest, logged.position))
    return state.model_copy(update={"redirected": redirected, "contests": contests})


def _concerns(state: PlanningState, body: AmendmentAdmitted) -> bool:
    known = state.redirected.get(body.work)
    return isinstance(body.amendment, UseLine) or (known is not None and known.version == body.reverts)


def _restart(contest: Contest, position: int) -> Contest:
    """The contest on its way to another round."""
    if contest.award is not None:
        return contest.model_copy(update={"award": contest.award.model_copy(update={"withdrawn": position})})
    return contest.model_copy(update={"lapsed": position})


def say_redirected(before: PlanningState, logged: Logged) -> tuple[Draft, ...]:
    """That another bidder cannot have the work any more, if that is so."""
    body = logged.entry.record
    if not isinstance(body, AmendmentAdmitted) or not _concerns(before, body):
        return ()
    contest = before.contests.get(body.work)
    if contest is not None and contest.phase != "accepted":
        return ()
    taken = "it has ended" if contest is None or contest.award is None else f"{contest.award.bidder} has accepted it"
    trouble = Trouble(what=f"Version {body.version} of {body.work} is refused: {taken}", severity="note")
    return (Draft(body=TroubleMet(trouble=trouble), subject=logged.entry.subject, campaign=logged.entry.campaign),)
