"""What stands where."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.ledger import LedgerLine
from simulators.world.things import NOWHERE, Film, Things

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
        things.apply(line(action))
    assert things == coated()


def mixed() -> Things:
    """An ink of two stocks in vial_a, of which a little more was drawn than arrived."""
    things = Things.standing([Film("blank_1", "", (), "rack_1", kind="blank")])
    parts = {"stocks": ["csi", "pbi2"], "delivered": [10.0, 40.0], "drawn": [10.5, 40.5]}
    things.apply(line("mix", place="vial_a", tips=2, **parts))
    return things


def spun() -> Things:
    """A film of that ink on stage_a."""
    things = mixed()
    made = {"stocks": ["csi", "pbi2"], "volumes": [10.0, 40.0], "speed": 4010.0, "delay": 18.2}
    things.apply(line("spin", line="line_a", film="f", place="stage_a", vial="vial_a", **made))
    return things


def test_a_mix_replaces_the_ink_and_uses_stock_and_tips() -> None:
    """What was in the vial before is gone with it."""
    things = mixed()
    assert things.inks == {"vial_a": {"csi": 10.0, "pbi2": 40.0}}
    assert things.drawn == {"csi": 10.5, "pbi2": 40.5, "someone": 2.0}
    things.apply(line("mix", place="vial_a", tips=1, stocks=["csi"], delivered=[1.0], drawn=[1.0]))
    assert things.inks == {"vial_a": {"csi": 1.0}}
    assert things.drawn["csi"] == 11.5


def test_a_film_keeps_what_was_done_to_it() -> None:
    """Its ink and its spin first, then what changed it; being measured or carried changes nothing."""
    things = spun()
    assert things.inks == {}
    things.apply(line("anneal", film="f", temperature=96.0, duration=600.0))
    things.apply(line("transfer", film="f", source="stage_a", target="rack_2"))
    things.apply(line("scan", film="f"))
    things.apply(line("illuminate", film="f", suns=1.0, duration=1800.0))
    film = things.films["f"]
    assert [deed.action for deed in film.deeds] == ["spin", "anneal", "illuminate"]
    assert film.deeds[0].amounts("stocks", "volumes") == {"csi": 10.0, "pbi2": 40.0}
    assert film.deeds[1].number("temperature") == 96.0
    assert film.place == "rack_2"


def test_a_film_that_fell_stands_nowhere() -> None:
    """Neither at its source nor at its target."""
    things = spun()
    things.apply(line("drop", film="f", source="stage_a", target="rack_2"))
    assert things.films["f"].place == NOWHERE
    assert things.film_at("stage_a") is None
    assert things.film_at("rack_2") is None


def test_standards_stand_there_from_the_beginning() -> None:
    """They are no film of any line, and are carried like one."""
    things = mixed()
    assert things.film_at("rack_1") == Film("blank_1", "", (), "rack_1", kind="blank")
    things.apply(line("transfer", film="blank_1", source="rack_1", target="uv_stage"))
    assert things.film_at("uv_stage") is not None
