"""Samples put away."""

import sys

from lab_agents.report.shelf import Shelf
from lab_agents.report.telling import tell
from tests.told_campaign import tell_campaign


def shelved():
    told = tell(tell_campaign(12, failing=5)).samples
    shelf = Shelf()
    shelf.update(told)
    shelf.put_away()
    return shelf, told


def test_what_is_put_away_comes_back_as_it_was():
    shelf, told = shelved()
    assert not shelf.at_hand
    assert dict(shelf) == dict(told)


def test_what_is_changed_at_hand_stays_changed():
    shelf, told = shelved()
    name = next(iter(told))
    shelf[name].failure = "the vial broke"
    assert [s.id for s in shelf.at_hand] == [name]
    shelf.put_away()
    assert shelf[name].failure == "the vial broke"


def test_samples_keep_their_order_and_can_be_taken_out():
    shelf, told = shelved()
    assert list(shelf) == list(told)
    first = next(iter(told))
    del shelf[first]
    assert first not in shelf
    assert len(shelf) == len(told) - 1


def test_a_sample_put_away_takes_a_kilobyte():
    shelf, _ = shelved()
    sizes = [sys.getsizeof(packed) for packed in shelf._packed.values()]  # noqa: SLF001
    assert max(sizes) < 2000
