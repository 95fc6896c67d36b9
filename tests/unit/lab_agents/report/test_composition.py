"""Where in the design space the samples lie."""

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.records.space import DesignSpace, Parameter
from lab_agents.report.account import Account
from lab_agents.report.composition import composition, corners, project, ranks
from lab_agents.report.telling import tell
from tests.told_campaign import tell_campaign


def test_a_mixture_of_four_is_drawn_as_a_tetrahedron_and_in_pairs():
    figures = composition(tell(tell_campaign(12)))
    assert [f.name for f in figures] == ["mixture", "pairs"]
    assert "tetrahedron" in figures[0].caption
    assert "oIDTBR" in figures[0].svg


def test_other_parameters_are_drawn_in_pairs_only():
    account = tell(tell_campaign(8, failing=None))
    parameters = tuple(Parameter(name=p.name, lower=0.0, upper=1.0, unit="mm") for p in account.plan.space.parameters)
    account.plan = account.plan.model_copy(update={"space": DesignSpace(parameters=parameters)})
    figures = composition(account)
    assert [f.name for f in figures] == ["pairs"]
    assert "PCBM (mm)" in figures[0].svg


def test_nothing_made_is_nothing_drawn():
    assert composition(Account()) == []


def test_the_best_sample_has_the_highest_rank():
    account = tell(tell_campaign(12))
    samples = account.observed_samples()
    places = ranks(account, samples)
    assert samples[places.index(1.0)] is account.best(1)[0]
    assert min(places) == 0.0


@given(st.lists(st.floats(0.01, 1), min_size=4, max_size=4))
def test_a_mixture_lies_between_its_corners(fractions):
    at = corners(4)
    x, y = project(fractions, at)
    assert min(c[0] for c in at) <= x <= max(c[0] for c in at)
    assert min(c[1] for c in at) <= y <= max(c[1] for c in at)


def test_a_pure_component_is_its_corner():
    for n in (3, 4):
        for i, corner in enumerate(corners(n)):
            assert project([float(i == j) for j in range(n)], corners(n)) == corner
