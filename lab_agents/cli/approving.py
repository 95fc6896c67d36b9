"""A person's word on awards that wait: found in the log first, so that a word that cannot count is refused at once."""

from pathlib import Path

from lab_agents.cli.states import existing_state
from lab_agents.cli.submitting import submit
from lab_agents.errors import LabAgentsError
from lab_agents.messages.commands import DenyApproval, GiveApproval
from lab_agents.messages.course import CampaignStarted
from lab_agents.records.autonomy import may_approve
from lab_agents.records.space import DesignSpace
from lab_agents.report.approvals import AWAITED_KINDS, AwaitedApproval, awaited_in
from lab_agents.state_folder import StateFolder
from lab_agents.store.reader import open_store


def tell_awaited(state: Path | None) -> list[tuple[AwaitedApproval, str]]:
    """The awards that wait for an approval, each with the line that tells it."""
    waiting, space = _awaited(StateFolder.open(existing_state(state)))
    return [(award, award.to_text(space)) for award in waiting.values()]


def give_word(state: Path | None, work: str, person: str, *, note: str = "", denied_because: str = "") -> None:
    """Approve an award that waits, or deny it with a reason; returns when that stands in the log.

    Raises:
        LabAgentsError: If no award of this work waits, or the campaign asks others than this person.
        GuardError: If the laboratory does not run; the word is kept and sent when it does.
    """
    folder = StateFolder.open(existing_state(state))
    waiting, _ = _awaited(folder)
    award = waiting.get(work)
    if award is None:
        others = f"Waiting are {', '.join(waiting)}." if waiting else "Nothing waits for an approval."
        raise LabAgentsError(f"No award of {work} waits for an approval. {others}")
    if not may_approve(person, award.approvers):
        raise LabAgentsError(
            f"{person} may not decide on {work}: campaign {award.campaign} asks {' or '.join(award.approvers)}. "
            "Let one of them say it, with --person."
        )
    body = (
        DenyApproval(work=work, round=award.round, person=person, reason=denied_because)
        if denied_because
        else GiveApproval(work=work, round=award.round, person=person, note=note)
    )
    submit(folder.path, body, subject=award.sample, campaign=award.campaign)


def _awaited(folder: StateFolder) -> tuple[dict[str, AwaitedApproval], DesignSpace | None]:
    store = open_store(folder.store)
    if store is None:
        return {}, None
    with store as reader:
        entries = tuple(reader.entries((*AWAITED_KINDS, CampaignStarted.__name__)))
    plans = [body.plan for logged in entries if isinstance(body := logged.entry.record, CampaignStarted)]
    return awaited_in(entries), plans[-1].space if plans else None
