"""The Bayesian planner."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import LogExpectedImprovement

from lab_agents.records.target import Constraint
from planners.bayesian import APART, BayesianPlanner
from planners.errors import QuestionError, SettingsError
from planners.objectives import training_data
from planners.protocols import Learned, Outcome, Planner, Refused
from planners.retraining import train_surrogate
from planners.space_filling import SpaceFillingPlanner
from tests.contracts.planner import BOX, POOL, SIMPLEX, PlannerContract, question, rows


class TestBayesianPlanner(PlannerContract):
    """The contract."""

    @pytest.fixture
    def planner(self) -> Planner:
        """A Bayesian planner."""
        return BayesianPlanner({})


def test_a_campaign_begins_with_space_filling_points() -> None:
    """Until `initial` candidates are made, whatever was observed."""
    asked = replace(question(n_observed=3), initial=4)
    assert list(BayesianPlanner().propose(asked)) == list(SpaceFillingPlanner().propose(asked))


def test_one_choice_from_a_pool_maximizes_botorchs_own_log_expected_improvement() -> None:
    """Without pending candidates the choice is the argmax of the textbook formula."""
    asked = question(n=1)
    surrogate = train_surrogate(asked, "loss")
    left = [p for p in POOL if p not in asked.made]
    best = surrogate.posterior(training_data(asked, "loss").inputs)[0].max()
    with torch.no_grad():
        gain = LogExpectedImprovement(surrogate.model, best)(torch.tensor(left, dtype=torch.float64).unsqueeze(1))
    scored = BayesianPlanner({"incumbent": 1.0}).propose(asked)[0]
    assert rows([scored]) == [left[int(gain.argmax())]]
    assert scored.acquisition == pytest.approx(float(gain.max()), abs=1e-6)


def test_candidates_of_a_batch_are_apart() -> None:
    """Each choice is pending for the next one, so that four are not one film four times."""
    scored = BayesianPlanner().propose(question(BOX, n=4))
    points = np.array(rows(list(scored))) / np.array([400.0, 2.5])
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert distances[np.triu_indices(4, 1)].min() >= APART


def test_a_pending_candidate_is_not_chosen_again_in_a_continuous_space() -> None:
    """What is in the making already promises its gain."""
    asked = replace(question(BOX), n=1)
    first = rows(list(BayesianPlanner().propose(asked)))[0]
    second = rows(list(BayesianPlanner().propose(replace(asked, pending=(first,), number=4))))[0]
    assert np.linalg.norm((np.array(first) - np.array(second)) / np.array([400.0, 2.5])) >= APART


def test_refused_candidates_repel() -> None:
    """Where all bidders refuse, the planner looks elsewhere, although the model promises much there."""
    asked = replace(question(BOX), n=1)
    favourite = rows(list(BayesianPlanner().propose(asked)))[0]
    refused = tuple(
        Refused((favourite[0] + 4.0 * i, favourite[1] + 0.02 * j), ("line_a",)) for i in (-1, 0, 1) for j in (-1, 0, 1)
    )
    moved = rows(list(BayesianPlanner().propose(replace(asked, refused=refused))))[0]
    assert np.linalg.norm((np.array(favourite) - np.array(moved)) / np.array([400.0, 2.5])) > 0.04


def test_the_optimum_of_a_bowl_is_found() -> None:
    """On the simplex the smallest sum of squares is at equal fractions."""
    asked = replace(question(SIMPLEX, n_observed=6), pool=None, n=1)
    for number in range(4, 14):
        scored = BayesianPlanner().propose(replace(asked, number=number))[0]
        point = rows([scored])[0]
        learned = Learned(f"s-{100 + number}", point, {"loss": Outcome(sum(x**2 for x in point), 1e-4)})
        asked = replace(asked, observations=(*asked.observations, learned), made=(*asked.made, point))
    assert min(o.outcomes["loss"].value for o in asked.observations) < 1 / 3 + 0.01


def test_predictions_are_in_the_targets_unit() -> None:
    """Mean and deviation come back on the scale of the observations, whatever the direction."""
    for direction, sign in (("minimize", 1.0), ("maximize", -1.0)):
        for s in BayesianPlanner().propose(question(direction=direction)):
            assert s.mean is not None
            assert s.deviation is not None
            assert 0.2 < sign * s.mean < 1.0
            assert 0 < s.deviation < 0.5


def test_settings_are_refused_by_name() -> None:
    """A misspelt setting, or one out of range, is an error and no silent default."""
    with pytest.raises(SettingsError, match=r"bayesian, setting kernel = 'rbf'.*It knows incumbent"):
        BayesianPlanner({"kernel": "rbf"})
    with pytest.raises(SettingsError, match=r"incumbent = 1\.5"):
        BayesianPlanner({"incumbent": 1.5})


def test_a_lower_incumbent_stays_on_known_hills() -> None:
    """It picks candidates with better predictions than the search for the one best does."""
    bold, patient = (
        BayesianPlanner({"incumbent": i}).propose(question(n_observed=20, n=1))[0].mean for i in (1.0, 0.5)
    )
    assert bold is not None
    assert patient is not None
    assert patient <= bold


@pytest.mark.parametrize("changes", [{"parameter": "a"}, {"constraints": (Constraint(property="gap", lower=1.0),)}])
def test_a_target_beyond_one_property_is_refused(changes: dict[str, object]) -> None:
    """The message names the planner to use."""
    asked = question()
    with pytest.raises(QuestionError, match="Use the constrained planner"):
        BayesianPlanner().propose(replace(asked, target=asked.target.model_copy(update=changes)))
