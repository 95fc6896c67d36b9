"""The record of a film."""

from simulators.world.film_state import Composition


def test_lead_is_what_tin_leaves() -> None:
    """The B site is full."""
    assert Composition(cs=0.0, fa=1.0, ma=0.0, sn=0.75, i=1.0, br=0.0, cl=0.0).pb == 0.25
