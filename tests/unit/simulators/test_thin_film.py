"""Which models stand behind a thin-film laboratory."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_agents.records.laboratory import SimulationDeclaration
from simulators.errors import WorldError
from simulators.installation import Models, standing
from simulators.ledger import read_ledger
from simulators.thin_film import ThinFilm
from simulators.world.draws import Draws
from simulators.world.things import NOWHERE, Things
from tests.simulated_world import laboratory
from tests.thin_film_stand import installed, order, thin_film

LAB = thin_film()


def changed(instrument, **settings):
    """The laboratory with some settings of an instrument replaced, or removed where None."""
    declaration = LAB.instruments[instrument]
    kept = {name: value for name, value in {**declaration.settings, **settings}.items() if value is not None}
    instruments = {**LAB.instruments, instrument: declaration.model_copy(update={"settings": kept})}
    return LAB.model_copy(update={"instruments": instruments})


def test_every_instrument_of_the_shipped_laboratory_has_a_model():
    models = Models(LAB, None)
    assert all(models.model(name) is not None for name in LAB.instruments)


@pytest.mark.parametrize(
    ("lab", "name", "complaint"),
    [
        (changed("spin_a", vial="moon"), "spin_a", "setting vial of spin_a is 'moon'"),
        (changed("spin_a", substrates=None), "spin_a", "setting substrates of spin_a is None"),
        (changed("handler", tips="antisolvent_a"), "handler", "setting tips of handler is 'antisolvent_a'"),
        (changed("hotplate_a_1", position=5), "hotplate_a_1", "has position 5 on plate 'plate_a'"),
        (LAB.model_copy(update={"places": ()}), "xrd", "0 places have `instrument: xrd`"),
        (LAB.model_copy(update={"stocks": ()}), "handler", "handler needs stocks"),
    ],
)
def test_a_laboratory_that_cannot_be_built_is_refused_by_name(lab, name, complaint):
    with pytest.raises(WorldError, match=complaint):
        Models(lab, None).model(name)


def test_a_seed_of_the_world_is_a_whole_number():
    simulation = SimulationDeclaration(world="absorber", seed=1, settings={"world_seed": "x"})
    with pytest.raises(WorldError, match="world_seed is 'x'"):
        Models(LAB.model_copy(update={"simulation": simulation}), None)


def test_a_replayed_laboratory_cannot_simulate_these_instruments():
    simulation = SimulationDeclaration(world="replay", seed=1)
    models = Models(LAB.model_copy(update={"simulation": simulation}), None)
    with pytest.raises(WorldError, match="xrd has the driver epics_diffractometer, which this laboratory cannot"):
        models.model("xrd")


def test_a_real_laboratory_has_no_models():
    lab = laboratory().model_copy(update={"simulation": None})
    with pytest.raises(WorldError, match="declares no simulation"):
        ThinFilm(lab, Draws(1), Models(laboratory(), None).faults)


numbers = st.integers(1, 10)
places = st.sampled_from(["stage_a", "plate_a_1", "uv_stage", "lamp_1", "rack_1", "rack_118", "rack_120"])
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("handler"), st.builds(order, numbers, st.just("mix"))),
        st.tuples(st.just("spin_a"), st.builds(order, numbers, st.just("spin"))),
        st.tuples(st.just("hotplate_a_1"), st.builds(order, numbers, st.just("anneal"))),
        st.tuples(
            st.just("robot"),
            st.builds(lambda n, s, t: order(n, "transfer", source=s, target=t), numbers, places, places),
        ),
        st.tuples(st.just("uvvis"), st.builds(order, numbers, st.just("spectrum"))),
        st.tuples(st.just("lamp_1"), st.builds(order, numbers, st.just("illuminate"))),
        st.sampled_from(["wait", "halt", "power cut"]),
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(deeds)
def test_whatever_is_ordered_the_things_are_the_fold_of_the_ledger(tmp_path_factory, history):
    """Property: also with samples that fall, no place holds two, no token moves twice, no ink is used twice."""
    folder = tmp_path_factory.mktemp("film")
    world, instruments = installed(folder, drop_rate=0.2)
    for deed in history:
        if deed == "wait":
            world.advance(world.now + timedelta(hours=1))
        elif deed == "halt":
            for name in ("handler", "spin_a", "robot", "lamp_1"):
                world.halt(name)
        elif deed == "power cut":
            world.close()
            world, instruments = installed(folder, drop_rate=0.2)
        else:
            instruments[deed[0]].start(deed[1])
    things = world.things
    world.close()
    lines = read_ledger(folder / "ledger.jsonl")
    told = Things.standing(standing(LAB))
    for line in lines:
        told.apply(line)
    assert told == things
    moved = Counter((line.instrument, line.token) for line in lines if line.token and line.action != "halt")
    assert all(count == 1 for count in moved.values())
    assert all(n == 1 for place, n in Counter(f.place for f in told.films.values()).items() if place != NOWHERE)
    spins = sum(line.action == "spin" for line in lines)
    assert spins <= sum(line.action == "mix" for line in lines)
