"""The constrained planner."""

from dataclasses import replace

import numpy as np
import pytest

from lab_agents.records.space import DesignSpace, Parameter
from lab_agents.records.target import Constraint, Target
from planners.checkpoints import unpack_all
from planners.constrained import APART, ConstrainedPlanner
from planners.errors import QuestionError, SettingsError, SurrogateError
from planners.protocols import Ask, Learned, Outcome, Planner, Refused
from planners.space_filling import SpaceFillingPlanner
from planners.spaces import is_inside, spread_points
from tests.contracts.planner import SIMPLEX, PlannerContract, question, rows

SITES = DesignSpace(
    parameters=(
        *(Parameter(name=n, lower=0.0, upper=1.0) for n in ("lead", "tin", "iodide", "bromide")),
        Parameter(name="time", lower=1.0, upper=21.0, unit="min"),
    ),
    simplices=(("lead", "tin"), ("iodide", "bromide")),
)
LEAST_LEAD = Target(
    property="poison",
    direction="minimize",
    parameter="lead",
    constraints=(
        Constraint(property="gap", lower=1.3, upper=1.5, unit="eV"),
        Constraint(property="purity", lower=0.9),
    ),
)
"""The least is a quarter: there gap and purity are on their bounds."""


class TestConstrainedPlanner(PlannerContract):
    """The contract."""

    @pytest.fixture
    def planner(self) -> Planner:
        """A constrained planner."""
        return ConstrainedPlanner({})


def made(number: int, point: tuple[float, ...]) -> Learned:
    """A film: its gap falls with tin and rises with bromide; it is pure with enough lead and time. Some show no gap."""
    lead, tin, _, bromide, time = point
    purity = min(1.0, 0.8 + 0.4 * lead) - 0.001 * (time - 15.0) ** 2
    outcomes = {"purity": Outcome(purity, 0.004)}
    if purity < 0.84:
        return Learned(f"s-{number:04d}", point, outcomes, frozenset({"gap"}))
    return Learned(f"s-{number:04d}", point, outcomes | {"gap": Outcome(1.6 - 0.4 * tin + 0.8 * bromide, 0.005)})


def asked(n_observed: int = 20, n: int = 2, target: Target = LEAST_LEAD) -> Ask:
    """A question about the films."""
    points = [tuple(p) for p in spread_points(SITES, n_observed, seed=3).tolist()]
    learned = tuple(made(i, p) for i, p in enumerate(points))
    return Ask(target, SITES, learned, (), tuple(points), (), None, None, n, min(8, n_observed), seed=5, number=4)


def is_feasible(learned: Learned) -> bool:
    """Whether a film keeps all bounds, by its noiseless outcomes."""
    gap = learned.outcomes.get("gap")
    return gap is not None and 1.3 <= gap.value <= 1.5 and learned.outcomes["purity"].value >= 0.9


def test_a_campaign_begins_with_space_filling_points() -> None:
    """Until `initial` candidates are made."""
    beginning = replace(asked(4), initial=8)
    assert list(ConstrainedPlanner().propose(beginning)) == list(SpaceFillingPlanner().propose(beginning))


def test_the_corner_of_two_constraints_is_found() -> None:
    """A known objective, two sites, a process parameter and unreadable films: within five batches of four."""
    ask = asked(12, n=4)
    assert any(o.missing for o in ask.observations)
    for number in range(5, 10):
        points = rows(list(ConstrainedPlanner().propose(replace(ask, number=number))))
        learned = tuple(made(100 * number + i, p) for i, p in enumerate(points))
        ask = replace(ask, observations=(*ask.observations, *learned), made=(*ask.made, *points))
    assert min(o.values[0] for o in ask.observations if is_feasible(o)) < 0.27


def test_every_simplex_is_exact() -> None:
    """Both sites sum to one, inside the bounds."""
    for point in rows(list(ConstrainedPlanner().propose(asked(n=4)))):
        assert is_inside(SITES, np.array(point))


def test_candidates_of_a_batch_and_pending_ones_are_apart() -> None:
    """What is in the making already promises its gain."""
    first = rows(list(ConstrainedPlanner().propose(asked(n=4))))
    again = rows(list(ConstrainedPlanner().propose(replace(asked(n=4), pending=tuple(first)))))
    points = np.array([*first, *again]) / np.array([1.0, 1.0, 1.0, 1.0, 20.0])
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert distances[np.triu_indices(8, 1)].min() >= APART - 1e-9


def test_a_candidate_is_expected_to_be_feasible_and_says_what_it_expects() -> None:
    """In the target's units; the objective is known and has no deviation."""
    for s in ConstrainedPlanner().propose(asked(30)):
        assert s.mean == s.candidate.values["lead"]
        assert s.deviation is None
        truth = made(0, tuple(s.candidate.values.values()))
        assert set(s.predictions) == {"gap", "purity"}
        for name, predicted in s.predictions.items():
            assert predicted.value == pytest.approx(truth.outcomes[name].value, abs=5 * predicted.deviation + 0.01)


def test_a_property_to_maximize_is_predicted_in_its_own_sign() -> None:
    """Modelled objective and constraint together."""
    target = Target(
        property="purity", direction="maximize", constraints=(Constraint(property="gap", upper=1.5, unit="eV"),)
    )
    for s in ConstrainedPlanner().propose(asked(30, target=target)):
        assert s.mean == s.predictions["purity"].value
        assert s.mean is not None
        assert s.mean > 0.85
        assert s.predictions["gap"].value < 1.55


def test_where_films_cannot_be_read_no_more_are_proposed() -> None:
    """That a gap is missing is information, although nothing else speaks against the film."""
    target = LEAST_LEAD.model_copy(update={"constraints": LEAST_LEAD.constraints[:1]})
    ask = asked(30, target=target)
    blind = tuple(
        replace(o, outcomes={}, missing=frozenset({"gap"})) if o.values[4] > 11.0 else o for o in ask.observations
    )
    points = rows(list(ConstrainedPlanner().propose(replace(ask, observations=blind, n=4))))
    assert np.mean([p[4] < 12.0 for p in points]) >= 0.75


def test_a_bolder_planner_asks_for_more() -> None:
    """It goes for less lead, at a smaller chance."""
    leads = [
        np.mean([s.candidate.values["lead"] for s in ConstrainedPlanner({"boldness": b}).propose(asked(n=3))])
        for b in (1.0, 4.0)
    ]
    assert leads[1] < leads[0]


def test_boldness_takes_its_turns() -> None:
    """Of three candidates the second is bold; where none is to be, the power does not matter."""
    first, second, _ = zip(
        *(rows(list(ConstrainedPlanner({"boldness": b}).propose(asked(n=3)))) for b in (1.0, 4.0)), strict=True
    )
    assert first[0] == first[1]
    assert second[0] != second[1]
    timid = [list(ConstrainedPlanner({"boldness": b, "bold_every": 0}).propose(asked(n=2))) for b in (1.0, 4.0)]
    assert timid[0] == timid[1]


def test_refused_candidates_repel() -> None:
    """Where all bidders refuse, the planner looks elsewhere."""
    ask = asked(30, n=1)
    favourite = np.array(rows(list(ConstrainedPlanner().propose(ask)))[0])
    around = [tuple(favourite + np.array([0, 0, 0, 0, 0.1 * i])) for i in range(-4, 5)]
    moved = rows(list(ConstrainedPlanner().propose(replace(ask, refused=tuple(Refused(p, ("a",)) for p in around)))))[0]
    scale = np.array([1.0, 1.0, 1.0, 1.0, 20.0])
    assert np.linalg.norm((np.array(moved) - favourite) / scale) > 0.03


def test_a_checkpoint_holds_a_model_for_each_property_and_of_readability() -> None:
    """As data, with the density of what was held out."""
    checkpoint = ConstrainedPlanner().retrain(asked())
    assert set(unpack_all(checkpoint.data)) == {"gap", "purity", "_readable"}
    assert checkpoint.held_out is not None


def test_a_checkpoint_of_unreadable_films_changes_no_answer() -> None:
    """Trained beforehand or on being asked."""
    ask = asked()
    checkpoint = ConstrainedPlanner().retrain(ask)
    assert list(ConstrainedPlanner().propose(replace(ask, checkpoint=checkpoint.data))) == list(
        ConstrainedPlanner().propose(ask)
    )


def test_what_it_cannot_do_is_refused() -> None:
    """A parameter that is none, settings, training on nothing."""
    target = LEAST_LEAD.model_copy(update={"parameter": "cadmium"})
    with pytest.raises(QuestionError, match="cadmium is none of the space's: lead, tin"):
        ConstrainedPlanner().propose(asked(target=target))
    with pytest.raises(SettingsError, match="boldness"):
        ConstrainedPlanner({"boldness": 0.5})
    with pytest.raises(SurrogateError, match="None of gap, purity was read in 0 samples"):
        ConstrainedPlanner().retrain(asked(0))


def test_nothing_read_yet_is_answered_by_filling_the_space() -> None:
    """A first batch that was spoiled whole is no reason to stop."""
    blind = replace(question(SIMPLEX), pool=None)
    blind = replace(blind, observations=tuple(replace(o, outcomes={}) for o in blind.observations))
    assert list(ConstrainedPlanner().propose(blind)) == list(SpaceFillingPlanner().propose(blind))


def test_every_so_manieth_candidate_is_one_that_will_be_stated_a_hit() -> None:
    """Counted over the campaign; it keeps further from the bounds than the others."""
    ask = asked(31, n=1)
    stated = rows(list(ConstrainedPlanner({"stated_every": 32}).propose(ask)))
    assert stated != rows(list(ConstrainedPlanner({"stated_every": 0}).propose(ask)))
    assert made(0, stated[0]).outcomes["purity"].value >= 0.9
    longer = asked(30, n=1)
    assert list(ConstrainedPlanner({"stated_every": 32}).propose(longer)) == list(
        ConstrainedPlanner({"stated_every": 0}).propose(longer)
    )
