"""Which models stand behind a lab file."""

import pytest

from lab_agents.records.laboratory import AgentDeclaration, Channel, InstrumentDeclaration
from simulators.errors import WorldError
from simulators.installation import Models, install, is_simulated, standing
from simulators.instruments.coater import Coater
from simulators.instruments.dispenser import Dispenser
from simulators.instruments.robot import Robot
from simulators.instruments.tester import SoakTester
from simulators.world_state import WorldState
from tests.simulated_world import START, TABLE, laboratory
from tests.thin_film_stand import thin_film


def test_every_instrument_of_the_shipped_lab_has_its_model() -> None:
    """Two dispensers, two coaters, a robot, a tester."""
    models = Models(laboratory(), TABLE)
    kinds = {name: type(models.model(name)) for name in laboratory().instruments}
    assert kinds == {
        "dispenser_a": Dispenser,
        "coater_a": Coater,
        "dispenser_b": Dispenser,
        "coater_b": Coater,
        "robot": Robot,
        "tester": SoakTester,
    }


def test_limits_come_from_the_lab_file() -> None:
    """Where it sets none, from the hardware."""
    models = Models(laboratory(), TABLE)
    assert models.model("coater_a").limits["speed"].upper == 6000.0
    bare = laboratory().instruments["coater_a"].model_copy(update={"limits": {}})
    assert models.coater("coater_a", bare).limits["speed"].upper == 10_000.0


def test_an_instrument_on_another_host_is_real_and_left_alone(tmp_path) -> None:
    """No model is built for it, whatever its driver."""
    lab = laboratory()
    real = InstrumentDeclaration(driver="other_make", address="scpi://192.168.0.7:5025")
    lab = lab.model_copy(update={"instruments": {**lab.instruments, "tester": real}})
    world = WorldState(tmp_path, START)
    assert "tester" not in install(lab, TABLE, world)
    world.close()


def test_a_simulated_instrument_never_listens_beyond_loopback() -> None:
    """The error names the address."""
    wide = InstrumentDeclaration(driver="scpi_tester", address="scpi://0.0.0.0:0")
    with pytest.raises(WorldError, match=r"0\.0\.0\.0:0"):
        is_simulated("tester", wide)


def test_a_driver_without_a_model_is_refused() -> None:
    """The error names those that are simulated."""
    lab = laboratory()
    other = InstrumentDeclaration(driver="other_make", address="scpi://127.0.0.1:0")
    models = Models(lab.model_copy(update={"instruments": {**lab.instruments, "tester": other}}), TABLE)
    with pytest.raises(WorldError, match="other_make, which this laboratory cannot simulate"):
        models.model("tester")


@pytest.mark.parametrize("stage", [None, "moon", 3])
def test_a_tester_without_a_stage_is_refused(stage) -> None:
    """Its owner's settings must name a place."""
    lab = laboratory()
    settings = {} if stage is None else {"stage": stage}
    owner = AgentDeclaration(role="characterization", instruments=("tester",), settings=settings)
    models = Models(lab.model_copy(update={"agents": {**lab.agents, "tester": owner}}), TABLE)
    with pytest.raises(WorldError, match="name no place as `stage`"):
        models.model("tester")


def test_more_channels_than_a_dispenser_has_are_refused() -> None:
    """Four."""
    channels = tuple(Channel(parameter=f"p{i}", scale=1.0) for i in range(5))
    with pytest.raises(WorldError, match="5 channels"):
        Models(laboratory().model_copy(update={"channels": channels}), None)


def test_standards_stand_where_the_lab_file_says() -> None:
    """Before anything is done."""
    found = {film.place: (film.name, film.kind) for film in standing(thin_film())}
    assert found == {
        "rack_118": ("blank_1", "blank"),
        "rack_119": ("blank_2", "blank"),
        "rack_120": ("silicon", "silicon"),
    }
    assert standing(laboratory()) == ()
