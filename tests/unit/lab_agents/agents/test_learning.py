"""What a worker learns."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.learning import Experience, learn_durations, learn_outcome
from lab_agents.records.recipe import Act, ActResult
from tests.model_lab import START


def result(seconds: float) -> ActResult:
    """One act that lasted so long."""
    return ActResult(act=0, token="0" * 16, run="r", started_at=START, ended_at=START + timedelta(seconds=seconds))


@given(seconds=st.lists(st.floats(0, 1e4), min_size=1, max_size=20))
def test_expected_durations_move_from_the_prior_to_the_mean(seconds):
    experience = Experience()
    for one in seconds:
        experience = learn_durations(experience, (Act(instrument="i", plan="coat"),), (result(one),))
    expected = experience.expect("coat", {"prior_coat": 50.0})
    assert abs(expected - (50.0 + sum(seconds)) / (len(seconds) + 1)) < 0.1
    assert experience.durations["coat"].n == len(seconds)


def test_of_an_act_that_says_how_long_it_lasts_only_the_rest_is_learned():
    def anneal(minutes: float) -> Act:
        return Act(instrument="plate", plan="anneal", arguments={"temperature": 100.0, "duration": 60.0 * minutes})

    assert Experience().expect_act(anneal(30.0), {"prior_anneal": 300.0}) == 2100.0
    experience = learn_durations(Experience(), (anneal(10.0),), (result(600.0 + 500.0),))
    assert experience.expect_act(anneal(45.0), {"prior_anneal": 300.0}) == 2700.0 + 400.0


def test_unknown_plans_have_a_prior():
    assert Experience().expect("anything", {}) == 60.0
    assert Experience().expect("soak", {}) == 3600.0


@given(outcomes=st.lists(st.booleans()))
def test_chances_stay_between_none_and_certainty(outcomes):
    experience = Experience()
    for good in outcomes:
        experience = learn_outcome(experience, good=good)
    assert 0 < experience.chance < 1
    assert experience.n_learned == len(outcomes)


def test_a_failure_lowers_the_chance():
    assert learn_outcome(Experience(), good=False).chance < Experience().chance == 0.9


def test_results_without_an_act_are_ignored():
    assert learn_durations(Experience(), (), (result(1.0),)) == Experience()
