import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.epochs import EpochCounter
from lab_agents.errors import StateFolderError


@given(st.lists(st.integers(0, 50), max_size=10))
def test_epochs_only_grow_also_over_restarts(tmp_path_factory, seen):
    path = tmp_path_factory.mktemp("counter") / "counter.json"
    given_out = [EpochCounter(path).next(above=above) for above in seen]
    assert given_out == sorted(set(given_out))
    assert all(epoch > above for epoch, above in zip(given_out, seen, strict=True))
    assert EpochCounter(path).last == (given_out[-1] if given_out else 0)


def test_a_counter_that_holds_no_number_is_never_guessed(tmp_path):
    path = tmp_path / "counter.json"
    path.write_text('{"epoch": "seven"}')
    with pytest.raises(StateFolderError, match="holds no epoch but 'seven'"):
        EpochCounter(path).next()
