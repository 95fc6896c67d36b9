"""Random numbers by key."""

from hypothesis import given
from hypothesis import strategies as st

from planners.seeds import keyed_generator, keyed_seed

KEYS = st.tuples(st.integers(0, 2**63), st.integers(0, 100), st.text("ab", max_size=2))


@given(KEYS, KEYS)
def test_equal_keys_give_equal_seeds_and_others_do_not(one: tuple[int, int, str], two: tuple[int, int, str]) -> None:
    """63 bits, the same in every process."""
    assert (keyed_seed(*one) == keyed_seed(*two)) is (one == two)
    assert 0 <= keyed_seed(*one) < 2**63


def test_a_seed_never_changes_between_versions() -> None:
    """A recorded campaign is asked again years later."""
    assert keyed_seed(7, 3, "draws") == 1008795814590179818
    assert keyed_generator(7, 3, "draws").random() == 0.36861321782947154
