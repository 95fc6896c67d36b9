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


def test_a_failure_tells_more_of_its_own_region_than_of_another():
    experience = Experience()
    for _ in range(10):
        experience = learn_outcome(experience, good=False, at={"delay": 0.0})
        experience = learn_outcome(experience, good=True, at={"delay": 1.0})
    early, late = experience.chance_at({"delay": 0.0}), experience.chance_at({"delay": 1.0})
    assert early.chance < 0.3 < 0.8 < late.chance
    assert experience.chance_at({}).chance == experience.chance


@given(outcomes=st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=30), at=st.floats(0, 1))
def test_what_was_learned_lowers_what_is_not_known(outcomes, at):
    experience = Experience()
    for good, where in outcomes:
        experience = learn_outcome(experience, good=good, at={"x": where})
    estimate = experience.chance_at({"x": at})
    assert 0 <= estimate.chance <= 1
    assert 0 <= estimate.deviation <= 0.5


def test_the_spread_of_a_duration_narrows_to_what_was_seen():
    act = Act(instrument="i", plan="coat")
    experience = Experience()
    before = experience.spread_act(act, {}) / experience.expect_act(act, {})
    for _ in range(20):
        experience = learn_durations(experience, (act,), (result(100.0),))
    assert experience.spread_act(act, {}) / experience.expect_act(act, {}) < before / 2


def test_a_scan_is_expected_to_last_as_long_as_its_points_take():
    scan = Act(
        instrument="xrd", plan="scan", arguments={"start": 8.0, "stop": 45.0, "step": 0.02, "time_per_step": 0.4}
    )
    assert abs(Experience().expect_act(scan, {}) - (60.0 + 1851 * 0.4)) < 0.1
