"""Awards that wait for a person, as the log tells them."""

import pytest

from lab_agents.messages.commands import DenyApproval, GiveApproval
from lab_agents.messages.course import AwardWithdrawn, CampaignClosing, CampaignFinished, WorkAwarded
from lab_agents.messages.work import AwardAccepted, SampleQuarantined
from lab_agents.report.approvals import AwaitedApprovals, awaited_in
from tests.model_lab import plan
from tests.story import logged, proposal

WORK = "make-opv-0001"
AWARD = WorkAwarded(
    work=WORK, round=2, bidder="line_a", bid=1, score=1.0, reason="the only bid",
    needs_approval=True, asked_because="PCE10 0.5 is above 0.4", approvers=("ada", "grace"),
)  # fmt: skip
MEASURING = AWARD.model_copy(update={"work": "measure-opv-0001-1", "bidder": "tester"})


def told(*bodies):
    """What waits after a proposal and these entries."""
    log = [logged(1, "planning", proposal((0.5, 0.5, 0.0, 0.0)))]
    log += [logged(i, "x", body, subject="opv-0001") for i, body in enumerate(bodies, start=2)]
    return awaited_in(log)


def test_an_award_that_waits_says_what_whose_and_why():
    (award,) = told(AWARD).values()
    assert award.to_text(plan().space) == (
        f"{WORK} waits for the approval of ada or grace: line_a would make PCE10 50.0 %, P3HT 50.0 %; "
        "PCE10 0.5 is above 0.4"
    )
    assert award.command == f"lab-agents approve {WORK}"


def test_a_measurement_that_waits_names_its_sample():
    (award,) = told(MEASURING.model_copy(update={"approvers": ()})).values()
    assert "waits for an approval: tester would measure opv-0001" in award.to_text(None)


@pytest.mark.parametrize(
    "end",
    [
        GiveApproval(work=WORK, round=2, person="ada"),
        DenyApproval(work=WORK, round=2, person="grace", reason="no"),
        AwardWithdrawn(work=WORK, round=2, bidder="line_a", reason="r"),
        AwardAccepted(work=WORK, round=2, bidder="line_a"),
        CampaignClosing(reason="r"),
        CampaignFinished(reason="r", n_made=0, n_observed=0, n_failed=0),
    ],
    ids=lambda body: type(body).__name__,
)
def test_it_waits_no_more_after(end):
    assert told(AWARD, end) == {}


@pytest.mark.parametrize(
    "word",
    [
        GiveApproval(work=WORK, round=2, person="eve"),
        GiveApproval(work=WORK, round=1, person="ada"),
        DenyApproval(work="make-opv-0002", round=2, person="ada", reason="no"),
    ],
    ids=["of somebody else", "on another round", "on other work"],
)
def test_a_word_that_does_not_count_leaves_it_waiting(word):
    assert set(told(AWARD, word)) == {WORK}


def test_measuring_waits_on_when_a_campaign_closes_and_ends_with_an_abort():
    assert set(told(MEASURING, CampaignClosing(reason="r"))) == {MEASURING.work}
    assert told(MEASURING, CampaignClosing(reason="r", measure=False)) == {}


def test_an_award_that_asks_nobody_does_not_wait():
    assert told(AWARD.model_copy(update={"needs_approval": False})) == {}


@pytest.mark.parametrize(
    "end",
    [
        SampleQuarantined(sample="opv-0001", work=WORK, reason="broken"),
        CampaignFinished(reason="budget", n_made=1, n_observed=1, n_failed=0),
    ],
)
def test_candidates_that_nobody_makes_any_more_are_forgotten(end):
    approvals = AwaitedApprovals()
    approvals.take(logged(1, "planning", proposal((0.5, 0.5, 0.0, 0.0))))
    assert approvals._candidates  # noqa: SLF001 - what is kept can be seen nowhere else
    approvals.take(logged(2, "x", end, subject="opv-0001"))
    assert not approvals._candidates  # noqa: SLF001
