"""Doses of a blend, and what they made."""

import math

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.bidder_state import Refusal
from lab_agents.agents.blend_recipe import BlendRecipe, as_made, find_doses
from lab_agents.messages.work import TaskDone
from lab_agents.records.laboratory import Channel
from lab_agents.records.recipe import Act, ActResult
from lab_agents.records.space import Candidate
from tests.model_lab import MATERIALS, START, laboratory

CHANNELS = tuple(Channel(parameter=m, scale=100.0) for m in MATERIALS)


def blend(*shares: float) -> Candidate:
    """A candidate of the four materials."""
    return Candidate(values=dict(zip(MATERIALS, shares, strict=True)))


def delivered(doses: dict[int, tuple[float, float]]) -> tuple[list[Act], list[ActResult]]:
    """Acts and what the dispenser reported: channel → volume and deviation."""
    acts = [Act(instrument="d", plan="new_vial")]
    acts += [Act(instrument="d", plan="dose", arguments={"channel": c, "volume": v}) for c, (v, _) in doses.items()]
    results = [
        ActResult(
            act=i,
            token="0" * 16,
            run="r",
            readings={} if i == 0 else dict(zip(("delivered", "deviation"), list(doses.values())[i - 1], strict=True)),
            started_at=START,
            ended_at=START,
        )
        for i in range(len(acts))
    ]
    return acts, results


def test_zeros_are_not_dosed():
    assert find_doses(CHANNELS, blend(0.25, 0.0, 0.75, 0.0)) == {1: 25.0, 3: 75.0}


def test_an_offset_is_dosed_also_for_a_zero():
    assert find_doses((Channel(parameter="x", offset=10.0, scale=2.0),), Candidate(values={"x": 0.0})) == {1: 10.0}


def test_a_candidate_without_channel_or_volume_is_refused():
    assert isinstance(find_doses(CHANNELS, Candidate(values={"gold": 1.0})), Refusal)
    assert isinstance(find_doses(CHANNELS, blend(0.0, 0.0, 0.0, 0.0)), Refusal)


@given(volumes=st.lists(st.floats(1.0, 100.0), min_size=1, max_size=4), spread=st.floats(0.01, 2.0))
def test_fractions_as_made_sum_to_one_with_deviations_that_derivatives_give(volumes, spread):
    doses = {i: (v, spread) for i, v in enumerate(volumes, start=1)}
    made = as_made(CHANNELS, *delivered(doses), is_simplex=True)
    assert math.isclose(sum(made.values.values()), 1.0)
    whole = sum(volumes)
    for number, material in enumerate(MATERIALS, start=1):
        own = doses.get(number, (0.0, 0.0))
        slopes = [((whole - own[0]) if n == number else -own[0]) / whole**2 for n in doses]
        expected = math.sqrt(sum((slope * spread) ** 2 for slope in slopes))
        assert math.isclose(made.deviations[material], expected, rel_tol=1e-6, abs_tol=1e-9)


def test_without_a_simplex_the_channel_is_inverted():
    channel = Channel(parameter="x", offset=10.0, scale=-2.0)
    made = as_made((channel,), *delivered({1: (6.0, 0.4)}), is_simplex=False)
    assert (made.values["x"], made.deviations["x"]) == (2.0, 0.2)


def test_a_blend_takes_ink_when_it_is_dosed_and_a_substrate_when_it_is_coated():
    rules, lab = BlendRecipe(), laboratory()
    prepared = rules.prepare("line_a", lab, blend(0.5, 0.5, 0.0, 0.0))
    drawn = []
    for number, step in enumerate(prepared.recipe.steps):
        done = TaskDone(task=f"w/{number}", work="w", sample="s", step=number, owner="line_a", results=())
        assert rules.find_flaw(step, done) == ""
        drawn.append(dict(rules.drawn("line_a", lab, step, done)))
    assert drawn == [{"inks_a": 0.0}, {"substrates_a": 1.0}, {}]
