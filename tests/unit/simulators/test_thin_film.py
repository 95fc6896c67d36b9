"""Which models stand behind a thin-film laboratory."""

import pytest

from lab_agents.records.laboratory import SimulationDeclaration
from simulators.errors import WorldError
from simulators.installation import Models
from simulators.thin_film import ThinFilm
from simulators.world.draws import Draws
from tests.simulated_world import laboratory
from tests.thin_film_stand import thin_film

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
