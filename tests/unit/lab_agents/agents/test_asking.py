"""When planning asks, and what comes of it."""

import pytest

from lab_agents.agents.asking import MOST_FRUITLESS
from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.planning import Planning
from lab_agents.messages.course import (
    BudgetGranted,
    CampaignClosing,
    CampaignPaused,
    CampaignResumed,
    ModelTrained,
    PlannerExhausted,
    ProposalMade,
    TicketClosed,
)
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.records.questions import AskArguments, Exhausted
from tests.model_lab import ask, sha
from tests.story import Story, proposal, sample
from tests.unit.lab_agents.agents.test_analysis import taken
from tests.unit.lab_agents.agents.test_contests import refusal
from tests.unit.lab_agents.agents.test_fates import BEGUN, MODEL
from tests.unit.lab_agents.agents.test_training import concluded, observation


def granted(samples: int = 6, **changes) -> Story:
    """A campaign with its budget."""
    story = Story(Planning("planning"))
    story.begin(**changes)
    story.tell("supervision", BudgetGranted(samples=samples), subject="opv")
    return story


def question(story: Story) -> AskArguments:
    """What is asked."""
    (job,) = story.state.jobs()
    return AskArguments.model_validate_json(job.arguments)


def answer(story: Story, outcome: JobOutcome):
    """Bring the answer of the ask back."""
    (job,) = story.state.jobs()
    (draft,) = story.conclude(job, outcome)
    said = story.tell("planning", draft.body, subject=draft.subject, campaign=draft.campaign, cause=job.cause)
    return draft.body, said


def test_the_first_ask_comes_with_the_budget():
    story = granted()
    asked = question(story)
    assert (asked.number, asked.n, asked.first_sample, asked.observations) == (1, 2, 1, ())
    body, _ = answer(story, JobOutcome(ok=True, answer=ask(asked).model_dump_json()))
    assert isinstance(body, ProposalMade)
    assert story.state.jobs() == ()
    assert len(story.state.contests) == 2


def test_never_more_is_asked_than_the_budget_leaves():
    assert question(granted(samples=1)).n == 1


def test_the_next_ask_knows_the_observation_the_model_and_what_was_made():
    story = granted(batch=1)
    story.tell("planning", proposal((0.5, 0.5, 0.0, 0.0)), cause=story.position, subject="opv")
    for body in (*BEGUN, sample(), taken(), observation(1), concluded(1)):
        story.tell("x", body, subject="opv-0001")
        assert story.state.jobs() == ()
    story.tell("training", ModelTrained(model=MODEL), subject="opv-0001")
    asked = question(story)
    assert (asked.number, asked.first_sample, asked.model) == (2, 2, MODEL.checkpoint)
    assert [o.sample for o in asked.observations] == ["opv-0001"]
    assert len(asked.made) == 1
    assert asked.seed != question(granted(batch=1)).seed


def test_an_exhausted_planner_is_not_asked_again():
    story = granted()
    body, _ = answer(story, JobOutcome(ok=True, answer=Exhausted(exhausted="empty").model_dump_json()))
    assert isinstance(body, PlannerExhausted)
    assert story.state.jobs() == ()


def test_a_failed_ask_waits_for_a_person_who_may_try_again():
    story = granted()
    body, said = answer(story, JobOutcome(ok=False, error="singular"))
    assert isinstance(body, TroubleMet)
    assert said == ()
    assert "singular" in story.state.waits()["opv"]
    story.tell("supervision", TicketClosed(ticket="t", answer="try again", person="ada"), subject="opv")
    assert question(story).number == 1


def test_a_refused_proposal_is_trouble():
    story = granted()
    refused = EntryRefused(
        source="planning", sequence=1, reason="too large", raw=sha("x"), refused_id=f"planning/{story.position}/ask/0"
    )
    (trouble,) = story.tell("recorder", refused)
    assert "too large" in trouble.trouble.what


@pytest.mark.parametrize("halt", [CampaignPaused(reason="r"), CampaignClosing(reason="r")])
def test_a_paused_or_closing_campaign_asks_nothing(halt):
    story = Story(Planning("planning"))
    story.begin()
    story.tell("supervision", halt, subject="opv")
    story.tell("supervision", BudgetGranted(samples=6), subject="opv")
    assert story.state.jobs() == ()
    story.tell("supervision", CampaignResumed(), subject="opv")
    assert len(story.state.jobs()) == isinstance(halt, CampaignPaused)


def test_an_answer_that_comes_after_the_closing_is_no_offer():
    story = granted()
    (job,) = story.state.jobs()
    story.tell("supervision", CampaignClosing(reason="r"), subject="opv")
    assert story.state.jobs() == ()
    story.tell("planning", proposal((0.5, 0.5, 0.0, 0.0)), cause=job.cause, subject="opv")
    assert story.state.contests == {}


def refuse_all(story: Story, code: str):
    """Answer the ask with one candidate that both lines refuse; returns the trouble, if any."""
    asked = question(story)
    answer(story, JobOutcome(ok=True, answer=ask(asked).model_dump_json()))
    for work in sorted(story.state.contests):
        for line in ("line_a", "line_b"):
            said = story.tell(line, refusal(line).model_copy(update={"work": work, "code": code}))
        (closed,) = said
        troubles = story.tell("planning", closed)
    return troubles


def test_fruitless_proposals_end_with_a_person():
    story = granted(batch=1)
    for _ in range(MOST_FRUITLESS - 1):
        assert refuse_all(story, "infeasible") == ()
    (trouble,) = refuse_all(story, "infeasible")
    assert f"last {MOST_FRUITLESS} proposals" in trouble.trouble.what
    assert len(story.state.pursuit.refused) == MOST_FRUITLESS


def test_a_lack_that_is_no_infeasibility_is_said_at_once():
    story = granted(batch=1)
    (trouble,) = refuse_all(story, "no_stock")
    assert "line_a: too small" in trouble.trouble.what
    assert story.state.pursuit.refused == ()


def test_a_pause_outlives_the_closing_of_its_campaign():
    story = granted()
    story.tell("supervision", CampaignPaused(reason="ada"), subject="opv")
    story.tell("supervision", CampaignClosing(reason="enough"), subject="opv")
    assert story.state.pursuit.is_paused
    story.tell("supervision", CampaignResumed(), subject="opv")
    assert not story.state.pursuit.is_paused
