"""A coating line: doses, bids, acceptance, what was made."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.bidder_state import Refusal
from lab_agents.agents.synthesis import Synthesis, as_made, find_doses
from lab_agents.messages.work import BidMade, BidRefused
from lab_agents.records.laboratory import Channel
from lab_agents.records.recipe import Act, ActResult
from lab_agents.records.space import Candidate
from tests.model_lab import MATERIALS, START, laboratory
from tests.story import Story, proposal

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


@pytest.mark.parametrize(("line", "bids"), [("line_a", True), ("line_b", False)])
def test_a_line_refuses_a_share_that_it_cannot_dose(line, bids):
    story = Story(Synthesis(line))
    story.begin()
    (body,) = story.tell("planning", proposal((0.98, 0.02, 0.0, 0.0)))
    assert isinstance(body, BidMade if bids else BidRefused)
    if isinstance(body, BidMade):
        assert [s.name for s in body.bid.recipe.steps] == ["dispense", "coat", "shelve"]
        assert body.bid.consumables == {"inks_a": 100.0, "substrates_a": 1.0}
    else:
        assert body.code == "infeasible"


def test_a_line_that_the_campaign_does_not_name_is_silent():
    story = Story(Synthesis("line_b"), laboratory())
    story.begin(lines=("line_a",))
    assert story.tell("planning", proposal((1.0, 0.0, 0.0, 0.0))) == ()
