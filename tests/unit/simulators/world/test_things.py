"""What stands where."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.ledger import LedgerLine
from simulators.world.things import Things

AT = "2026-01-01T00:00:00+00:00"


def line(action: str, **details: object) -> LedgerLine:
    """One act."""
    return LedgerLine(1, AT, AT, "someone", "", 0, action, details)  # type: ignore[arg-type]


def coated() -> Things:
    """A film at stage_a."""
    things = Things()
    things.apply(line("new_vial", line="line_a"))
    things.apply(line("dose", line="line_a", channel=1, delivered=40.0))
    things.apply(line("coat", line="line_a", film="f", place="stage_a", volumes=[40.0, 0, 0, 0]))
    return things


@given(st.lists(st.tuples(st.integers(1, 4), st.floats(0, 100)), max_size=8))
def test_doses_add_up_per_channel(doses) -> None:
    """Property: a vial holds the sum of what was really delivered."""
    things = Things()
    things.apply(line("new_vial", line="line_a"))
    for channel, volume in doses:
        things.apply(line("dose", line="line_a", channel=channel, delivered=volume))
    for channel in range(1, 5):
        expected = sum(v for c, v in doses if c == channel)
        assert abs(things.vials["line_a"][channel - 1] - expected) < 1e-9


def test_a_coat_draws_the_vial_and_leaves_a_film() -> None:
    """The vial is gone, the film stands on the stage and counts as a used substrate."""
    things = coated()
    assert things.vials == {}
    assert things.film_at("stage_a") is things.films["f"]
    assert things.films_of("line_a") == 1


def test_a_transfer_moves_the_film() -> None:
    """It stands at the target alone."""
    things = coated()
    things.apply(line("transfer", film="f", source="stage_a", target="rack_1"))
    assert things.film_at("stage_a") is None
    film = things.film_at("rack_1")
    assert film is not None
    assert film.volumes == (40.0, 0, 0, 0)


def test_what_moves_nothing_changes_nothing() -> None:
    """Soaks, halts and power are on the ledger but leave things where they are."""
    things = coated()
    for action in ("soak", "halt", "power_on"):
        assert things.apply(line(action)) == (None, None)
    assert things.films == coated().films
