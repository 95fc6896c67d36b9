"""Whether a person may change a piece of work: what supervision asks before its holder looks at it.

A campaign that names whose word counts (`autonomy.by`) takes amendments from nobody else. The work must be under way,
or offered where another bidder is wanted for it. Each amendment that is admitted gets the next version of its work.
"""

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.offers import Offer
from lab_agents.agents.supervision_state import SupervisionState
from lab_agents.messages.commands import AmendWork
from lab_agents.messages.course import AmendmentAdmitted
from lab_agents.messages.frames import Logged
from lab_agents.records.amendment import UseLine
from lab_agents.records.autonomy import may_approve
from lab_agents.records.base import with_item
from lab_agents.records.laboratory import Laboratory


def follow_amendments(state: SupervisionState, logged: Logged) -> SupervisionState:
    """The state with the version that this command gets, if it is admitted."""
    body = logged.entry.record
    if not isinstance(body, AmendWork) or find_refusal(state, body):
        return state
    return state.model_copy(update={"versions": with_item(state.versions, body.work, _next(state, body.work))})


def _next(state: SupervisionState, work: str) -> int:
    return state.versions.get(work, 0) + 1


def say_admitted(before: SupervisionState, logged: Logged) -> tuple[Draft, ...]:
    """The admission of an amendment; why it is refused is said where commands are objected to."""
    body = logged.entry.record
    if not isinstance(body, AmendWork) or before.campaign is None or find_refusal(before, body):
        return ()
    admitted = AmendmentAdmitted(
        work=body.work,
        version=_next(before, body.work),
        amendment=body.amendment,
        reverts=body.reverts,
        person=body.person,
        reason=body.reason,
    )
    return (Draft(body=admitted, subject=logged.entry.subject, campaign=before.campaign.plan.name),)


def find_refusal(state: SupervisionState, body: AmendWork) -> str | None:
    """Why an amendment does not pass, or None."""
    why = _find_reason(state, body)
    return f"{body.work} is not amended: {why}" if why else None


def _find_reason(state: SupervisionState, body: AmendWork) -> str:
    lab, campaign = state.lab, state.campaign
    if lab is None or campaign is None:
        return "no campaign is open"
    if (body.amendment is None) == (body.reverts is None):
        return "give one of a change and a version to take back"
    approvers = campaign.plan.autonomy.by
    if not may_approve(body.person, approvers):
        return f"this campaign asks {' or '.join(approvers)}"
    offer, is_accepted = state.offers.open.get(body.work), body.work in state.accepted
    if offer is None and not is_accepted:
        return "it is neither under way nor offered; status lists what is"
    if body.reverts is not None:
        last = state.versions.get(body.work, 0)
        return f"it has no version {body.reverts}; the last one is {last}" if body.reverts > last else ""
    if isinstance(body.amendment, UseLine):
        return _find_unable(lab, offer, body.amendment.line)
    return "" if is_accepted else "nobody has begun it; steps are amended when it runs"


def _find_unable(lab: Laboratory, offer: Offer | None, line: str) -> str:
    """Why another bidder cannot have the work, or an empty text."""
    if offer is None:
        return "it has been accepted, and cannot change hands any more"
    if offer.kind == "make":
        known = lab.agents_of("synthesis")
    else:
        stations = lab.agents_of("characterization")
        known = tuple(s for s in stations if lab.agents[s].settings.get("kind") == offer.measurement)
    return "" if line in known else f"{line} cannot do it; those that can are {', '.join(known)}"
