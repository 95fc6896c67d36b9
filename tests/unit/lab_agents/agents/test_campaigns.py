"""The course of a campaign."""

from datetime import timedelta

import pytest

from lab_agents.agents.campaigns import find_gap, name_plan
from lab_agents.agents.supervision import Supervision
from lab_agents.messages.commands import AbortCampaign, PauseCampaign, ResumeCampaign, StartCampaign
from lab_agents.messages.course import (
    BudgetGranted,
    BudgetSpent,
    CampaignClosing,
    CampaignFinished,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    MeasurementConcluded,
    ObservationMade,
    PlannerExhausted,
    TicketClosed,
)
from lab_agents.messages.life import TimerRang, TroubleMet
from lab_agents.messages.work import ReservationReleased, ReservationRequested
from lab_agents.records.campaign import Budget
from lab_agents.records.observation import Observation
from lab_agents.records.recipe import Act, Recipe, Step
from lab_agents.records.space import DesignSpace, Parameter
from lab_agents.records.stopping import StoppingRules, TargetMet
from lab_agents.records.ticket import Trouble
from tests.model_lab import laboratory, plan
from tests.story import Story, proposal, sample
from tests.unit.lab_agents.agents.test_fates import BEGUN

REQUEST = {
    "work": "w",
    "sample": "opv-0001",
    "service": "robot",
    "needs": (),
    "recipe": Recipe(steps=(Step(name="soak", owner="line_a", acts=(Act(instrument="pump", plan="soak"),)),)),
}
START_IT = StartCampaign(plan=plan(n=1, batch=1), person="ada")


def running(**changes) -> Story:
    """A campaign that runs."""
    story = Story(Supervision("supervision"))
    command = StartCampaign(plan=plan(**({"n": 1, "batch": 1} | changes)), person="ada")
    for body in story.tell("once-1", command, subject="opv", campaign=None):
        story.tell("supervision", body, subject="opv")
    return story


def test_a_start_is_a_campaign_and_its_budget():
    story = Story(Supervision("supervision"))
    started, budget = story.tell("once-1", START_IT, subject="opv", campaign=None)
    assert isinstance(started, CampaignStarted)
    assert budget == BudgetGranted(samples=1)


def test_a_second_start_before_the_first_is_answered_is_refused():
    story = Story(Supervision("supervision"))
    story.tell("once-1", START_IT, subject="opv", campaign=None)
    (note,) = story.tell("once-2", START_IT, subject="opv", campaign=None)
    assert isinstance(note, TroubleMet)
    assert "opv with the same content is open" in note.trouble.what


@pytest.mark.parametrize(
    ("source", "body", "subject", "words"),
    [
        ("once-2", AbortCampaign(person="ada", reason="smoke"), "opv", "aborted by ada: smoke"),
        ("planning", PlannerExhausted(reason="empty pool"), "opv", "empty pool"),
        ("supervision", TicketClosed(ticket="t", answer="close the campaign", person="ada"), "rack", "ada answered t"),
        ("supervision", TimerRang(purpose="hours", due=None), "opv", "2 hours"),
        ("planning", BudgetSpent(reason="no ink is left"), "opv", "no ink is left"),
        ("line_a", TroubleMet(trouble=Trouble(what="smoke", severity="note"), closes=True), "opv-0001", "smoke"),
    ],
)
def test_a_campaign_closes_and_finishes_when_nothing_is_left(source, body, subject, words):
    story = running(budget=Budget(samples=1, hours=2.0))
    (closing,) = story.tell(source, body, subject=subject)
    assert isinstance(closing, CampaignClosing)
    assert words in closing.reason
    assert closing.measure == (not isinstance(body, AbortCampaign))
    assert closing.is_early == (not isinstance(body, TimerRang | BudgetSpent))
    (finished,) = story.tell("supervision", closing, subject="opv")
    assert isinstance(finished, CampaignFinished)
    assert finished.reason == closing.reason
    story.tell("supervision", finished, subject="opv")
    assert story.state.campaign is None


def test_a_spent_budget_closes_the_campaign_but_what_was_made_is_waited_for():
    story = running()
    story.tell("planning", proposal((0.5, 0.5, 0.0, 0.0)))
    for body in BEGUN:
        story.tell("line_a", body, subject="opv-0001")
    (closing,) = story.tell("line_a", sample(), subject="opv-0001")
    assert "1 samples is spent" in closing.reason
    assert story.tell("supervision", closing, subject="opv") == ()
    assert story.state.left() == (
        "work make-opv-0001",
        "offer measure-opv-0001-1",
        "sample opv-0001 is made",
    )
    story.tell("line_a", ReservationReleased(work="make-opv-0001", places=("stage_a",)), subject="opv-0001")
    assert len(story.state.left()) == 2


def test_a_running_campaign_is_paused_and_resumed():
    story = running()
    (paused,) = story.tell("once-2", PauseCampaign(person="ada", reason="visitors"), subject="opv")
    assert paused == CampaignPaused(reason="ada: visitors")
    (resumed,) = story.tell("once-3", ResumeCampaign(person="ada"), subject="opv")
    assert resumed == CampaignResumed(reason="ada")


def test_a_command_for_another_campaign_changes_nothing():
    assert running().tell("once-2", AbortCampaign(person="ada", reason="r"), subject="x", campaign="x") == ()


def test_a_name_is_used_once():
    story = running()
    state = story.state.model_copy(update={"campaign": None})
    named = name_plan(state, plan())
    assert named.name == "opv_2"
    long = "x" * 48
    state = state.model_copy(update={"used": {long: 11}})
    assert name_plan(state, plan(name=long)).name == "x" * 45 + "_12"


def test_what_a_laboratory_lacks_is_named():
    lab = laboratory()
    assert find_gap(lab, plan()) is None
    assert find_gap(lab, plan(lines=("line_c",))) == "opv_replay has no line line_c; its lines are line_a, line_b"
    space = DesignSpace(parameters=(Parameter(name="gold", lower=0.0, upper=1.0),))
    assert find_gap(lab, plan(space=space)) == "opv_replay has no channel for gold"
    bare = lab.model_copy(update={"agents": {n: a for n, a in lab.agents.items() if a.role != "synthesis"}})
    assert find_gap(bare, plan()) == "opv_replay declares no synthesis line"


def test_a_campaign_that_has_done_enough_closes_before_its_budget():
    """What is on its way is finished; the closing is none that came early."""
    stop = StoppingRules(target_met=TargetMet(objective=0.3))
    story = running(n=6, batch=2, stop=stop)
    made = sample().sample.made
    observation = Observation(
        sample="opv-0001", measurement="m-1", property="degradation", value=0.2, deviation=0.01, unit="1", made=made,
        raw="0" * 64, analysis="decay", version="1",
    )  # fmt: skip
    assert story.tell("analysis", ObservationMade(observation=observation)) == ()
    (closing,) = story.tell("analysis", MeasurementConcluded(sample="opv-0001", measurement="m-1", n_observed=1))
    assert closing == CampaignClosing(
        reason="the target is met: 1 sample meets it with a confidence of at least 90 %", is_early=False
    )


def test_a_pause_outlives_the_closing_of_its_campaign_until_somebody_lets_it_go_on():
    story = running()
    story.tell("once-2", PauseCampaign(person="ada", at_once=True), subject="opv")
    (closing,) = story.tell("once-3", AbortCampaign(person="bo", reason="r"), subject="opv")
    story.tell("line_a", ReservationRequested(**REQUEST), subject="opv-0001")
    story.tell("supervision", closing, subject="opv")
    assert story.tell("once-4", PauseCampaign(person="ada"), subject="opv") == (CampaignPaused(reason="ada"),)
    assert story.tell("once-5", ResumeCampaign(person="ada"), subject="opv") == (CampaignResumed(reason="ada"),)


def test_hours_of_a_pause_are_none_of_the_budget():
    story = running(budget=Budget(samples=1, hours=2.0))
    (before,) = story.state.timers()
    story.tell("supervision", CampaignPaused(reason="ada"))
    assert story.state.timers() == ()
    story.tell("supervision", CampaignPaused(reason="bo"))
    story.tell("supervision", CampaignResumed())
    story.tell("supervision", CampaignResumed())
    (after,) = story.state.timers()
    assert after.due - before.due == timedelta(seconds=2)
