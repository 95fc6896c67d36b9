"""Awards that wait for a person's approval, as the log tells them: what `status`, the display and `approve` show."""

from collections.abc import Iterable

from lab_agents.messages.commands import DenyApproval, GiveApproval
from lab_agents.messages.course import AwardWithdrawn, CampaignClosing, CampaignFinished, ProposalMade, WorkAwarded
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import AwardAccepted, AwardDeclined, SampleMade, SampleQuarantined
from lab_agents.records.autonomy import may_approve
from lab_agents.records.base import Identifier, Name, Record
from lab_agents.records.space import Candidate, DesignSpace
from lab_agents.report.wording import composition_text


class AwaitedApproval(Record):
    """An award that waits: who would do which work, why somebody is asked, and whose word counts (empty: anybody's).

    `candidate` is what would be made; None for a measurement.
    """

    work: Identifier
    round: int
    bidder: Name
    campaign: str | None
    sample: str
    because: str
    approvers: tuple[str, ...] = ()
    candidate: Candidate | None = None

    @property
    def command(self) -> str:
        """What to type to approve."""
        return f"lab-agents approve {self.work}"

    @property
    def whose(self) -> str:
        """Whose approval it waits for."""
        return f"the approval of {' or '.join(self.approvers)}" if self.approvers else "an approval"

    def to_text(self, space: DesignSpace | None) -> str:
        """One line: what waits for whose approval, what would be done, and why that is asked."""
        does = f"measure {self.sample}"
        if self.candidate is not None:
            does = f"make {composition_text(self.candidate.values, space)}"
        return f"{self.work} waits for {self.whose}: {self.bidder} would {does}; {self.because}"


AWAITED_KINDS = tuple(
    kind.__name__
    for kind in (
        *(ProposalMade, WorkAwarded, GiveApproval, DenyApproval, AwardAccepted, AwardDeclined, AwardWithdrawn),
        *(SampleMade, SampleQuarantined, CampaignClosing, CampaignFinished),
    )
)
"""All that `AwaitedApprovals` looks at."""


class AwaitedApprovals:
    """Folds the log into the awards that wait, by work."""

    def __init__(self) -> None:
        self.waiting: dict[str, AwaitedApproval] = {}
        self._candidates: dict[str, Candidate] = {}

    def take(self, logged: Logged) -> None:
        """Take the next entry."""
        body, campaign = logged.entry.record, logged.entry.campaign
        if isinstance(body, ProposalMade):
            self._candidates |= {f"make-{c.sample}": c.candidate for c in body.proposal.candidates}
        elif isinstance(body, WorkAwarded) and body.needs_approval:
            self.waiting[body.work] = AwaitedApproval(
                work=body.work,
                round=body.round,
                bidder=body.bidder,
                campaign=campaign,
                sample=logged.entry.subject,
                because=body.asked_because,
                approvers=body.approvers,
                candidate=self._candidates.get(body.work),
            )
        else:
            self._forget(body)
            self.waiting = {w: a for w, a in self.waiting.items() if not _ends(a, body, campaign)}

    def _forget(self, body: Body) -> None:
        """Drop the candidates that nobody makes any more."""
        match body:
            case SampleMade():
                self._candidates.pop(f"make-{body.sample.id}", None)
            case SampleQuarantined():
                self._candidates.pop(f"make-{body.sample}", None)
            case CampaignFinished():
                self._candidates.clear()


def awaited_in(entries: Iterable[Logged]) -> dict[str, AwaitedApproval]:
    """The awards that wait at the end of these entries, by work."""
    told = AwaitedApprovals()
    for logged in entries:
        told.take(logged)
    return told.waiting


def _ends(award: AwaitedApproval, body: Body, campaign: str | None) -> bool:
    """Whether an entry ends an award's waiting."""
    match body:
        case GiveApproval() | DenyApproval():
            return (body.work, body.round) == (award.work, award.round) and may_approve(body.person, award.approvers)
        case WorkAwarded() | AwardAccepted() | AwardDeclined() | AwardWithdrawn():
            return body.work == award.work
        case SampleQuarantined():
            return body.sample == award.sample
        case CampaignClosing():
            # What was made is still measured, unless the campaign was aborted.
            return campaign == award.campaign and (award.candidate is not None or not body.measure)
        case CampaignFinished():
            return campaign == award.campaign
        case _:
            return False
