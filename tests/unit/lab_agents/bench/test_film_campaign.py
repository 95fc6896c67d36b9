"""Campaigns of the bench, judged."""

from dataclasses import replace

import pytest

from lab_agents.bench.film_campaign import film_campaign, judge, run_film_campaign
from lab_agents.bench.film_truth import FilmTruth
from lab_agents.bench.loop import Course, run_bench
from planners.catalogue import make_planner
from planners.protocols import Outcome


@pytest.fixture(scope="module")
def short():
    """The demo's campaign with six films."""
    campaign = film_campaign("demo")
    budget = campaign.plan.budget.model_copy(update={"samples": 6})
    plan = campaign.plan.model_copy(update={"budget": budget})
    return type(campaign)(plan, campaign.laboratory, campaign.space)


def test_a_blind_planners_films_are_judged_by_the_hidden_world(short):
    """Without a single measurement, and the same for the same seed."""
    outcome = run_film_campaign(short, "random", 3, 0.8)
    assert (outcome.n_samples, outcome.claimed, outcome.covered) == (6, (), {})
    assert outcome.regret == pytest.approx(0.8 - max(outcome.utilities))
    assert outcome == run_film_campaign(short, "random", 3, 0.8)
    assert outcome.utilities != run_film_campaign(short, "random", 4, 0.8).utilities or outcome.regret == 0.8


def test_a_campaign_without_samples_reached_nothing(short):
    """All of the regret is left."""
    truth = FilmTruth(short.laboratory, short.plan)
    outcome = judge(short.plan.target, truth, Course(), 0, 0.8)
    assert (outcome.reached_at, outcome.regret, outcome.named_regret) == (None, 0.8, 0.8)
    assert outcome.stated is None


def test_the_examples_differ_in_what_they_are_named_after():
    """Space and laboratory."""
    demo, full, bad = film_campaign("demo"), film_campaign("full"), film_campaign("demo", bad_day=True)
    assert {p.name: p.upper for p in full.plan.space.parameters}["cl"] == 1.0
    assert {p.name: p.upper for p in demo.plan.space.parameters}["cl"] == 0.1
    assert bad.laboratory.simulation.settings["drop_rate"] > 0
    assert demo.plan.target == full.plan.target == bad.plan.target
    assert demo.laboratory.instruments == bad.laboratory.instruments


def test_the_best_stated_hit_is_named_else_the_likeliest_sample(short):
    """By what was concluded, whatever is true of it."""
    truth = FilmTruth(short.laboratory, short.plan, analyses=False)
    course = run_bench(short.plan, None, make_planner("random", {}), truth)
    read = {
        c.property: Outcome(0.96 if c.upper is None else (c.lower + c.upper) / 2, 0.001)
        for c in short.plan.target.constraints
    }
    vague = {name: replace(outcome, deviation=0.5) for name, outcome in read.items()}
    course.learned = [replace(one, outcomes=vague if k else {}) for k, one in enumerate(course.learned)]
    unsure = judge(short.plan.target, truth, course, 0, 0.8)
    assert unsure.stated is None
    assert unsure.named_regret == pytest.approx(0.8 - unsure.utilities[1])
    course.learned = [replace(one, outcomes=read) for one in course.learned]
    leads = [truth.films[one.sample].made.values["pb"] for one in course.learned]
    assert judge(short.plan.target, truth, course, 0, 0.8).stated == min(leads)
