"""Training as a job."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planners.checkpoints import unpack_all
from planners.errors import SurrogateError
from planners.protocols import Learned, Outcome, Retrainer
from planners.retraining import MOST_JUDGED, GaussianProcessRetrainer, Judge, fingerprint, spread
from tests.contracts.planner import question

OBSERVATIONS = st.lists(
    st.builds(
        Learned,
        st.text("ab", max_size=2),
        st.tuples(st.floats(0, 1)),
        st.dictionaries(st.sampled_from("pq"), st.builds(Outcome, st.floats(-9, 9), st.floats(0.1, 9))),
        st.frozensets(st.sampled_from("rs")),
    ),
    max_size=5,
    unique_by=lambda o: o.sample,
)


@given(OBSERVATIONS, st.randoms(use_true_random=False))
def test_the_fingerprint_does_not_depend_on_order(observations: list[Learned], random: object) -> None:
    """Sorted by sample."""
    turned = observations[:]
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert fingerprint(turned) == fingerprint(observations)


def test_the_fingerprint_depends_on_every_field() -> None:
    """A changed value, deviation, composition or sample is another set of observations."""
    one = Learned("s-1", (0.5,), {"loss": Outcome(1.0, 0.1)})
    others = [
        replace(one, sample="s-2"),
        replace(one, values=(0.6,)),
        replace(one, outcomes={"loss": Outcome(1.0000001, 0.1)}),
        replace(one, outcomes={"loss": Outcome(1.0, 0.2)}),
        replace(one, outcomes={"gain": Outcome(1.0, 0.1)}),
        replace(one, missing=frozenset({"gain"})),
    ]
    assert len({fingerprint([o]) for o in [one, *others]} | {fingerprint([]), fingerprint([one, one])}) == 9


def test_a_checkpoint_says_what_it_holds() -> None:
    """Kind of the model and number of observations."""
    retrainer = GaussianProcessRetrainer()
    assert isinstance(retrainer, Retrainer)
    checkpoint = retrainer.retrain(question())
    assert unpack_all(checkpoint.data)["loss"].meta["n"] == 8
    assert checkpoint.held_out is not None


def test_training_does_not_depend_on_what_is_asked() -> None:
    """Only observations, target, space and seed matter."""
    asked = question()
    other = replace(asked, made=(), pool=None, n=7, number=9, initial=1)
    assert GaussianProcessRetrainer().retrain(other) == GaussianProcessRetrainer().retrain(asked)


def test_training_on_nothing_is_refused() -> None:
    """There is no model of nothing."""
    with pytest.raises(SurrogateError):
        GaussianProcessRetrainer().retrain(question(n_observed=0))


def test_a_judge_learns_from_what_the_model_would_while_it_is_little() -> None:
    """The same checkpoint."""
    asked = question(n_observed=6)
    assert isinstance(Judge(), Retrainer)
    assert Judge().retrain(asked) == GaussianProcessRetrainer().retrain(asked)


@given(st.integers(0, 3 * MOST_JUDGED), st.integers(2, MOST_JUDGED))
def test_of_many_observations_some_are_chosen_evenly(n: int, most: int) -> None:
    """Each once, in order, with both ends, and no gap twice as wide as another."""
    chosen = [o.values[0] for o in spread([Learned(f"s-{i}", (float(i),), {}) for i in range(n)], most)]
    assert len(chosen) == min(n, most)
    assert chosen == sorted(set(chosen))
    if n > most:
        gaps = [b - a for a, b in pairwise(chosen)]
        assert (chosen[0], chosen[-1]) == (0.0, n - 1.0)
        assert max(gaps) <= min(gaps) + 1
