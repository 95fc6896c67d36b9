"""Faults by name."""

import pytest

from simulators.errors import WorldError
from simulators.faults import Faults, LostAnswer, SlowProgram, declared_faults
from simulators.world.draws import Draws
from tests.simulated_world import laboratory


def test_without_settings_nothing_goes_wrong() -> None:
    """A fault is switched on, never on by itself."""
    assert declared_faults(laboratory().simulation) == Faults()
    assert declared_faults(None) == Faults()


def test_a_rate_strikes_that_share_of_tokens_and_always_the_same() -> None:
    """Keyed by the token: a restart does not change who is struck."""
    fault, draws = LostAnswer(0.2), Draws(5)
    struck = [fault.strikes(draws, str(i)) for i in range(2000)]
    assert 300 < sum(struck) < 500
    assert struck == [fault.strikes(Draws(5), str(i)) for i in range(2000)]


def test_a_slow_program_takes_its_factor_as_long() -> None:
    """All or none at the extreme rates."""
    assert SlowProgram(1.0, 4.0).stretch(Draws(0), "t") == 4.0
    assert SlowProgram(0.0, 4.0).stretch(Draws(0), "t") == 1.0


def test_settings_switch_faults_on() -> None:
    """As the lab file writes them."""
    faults = declared_faults(laboratory(lost_answer_rate=0.1, slow_program_rate=1, slow_program_factor=2.0).simulation)
    assert faults == Faults(LostAnswer(0.1), SlowProgram(1.0, 2.0))


def test_a_mishap_is_switched_on_by_its_name() -> None:
    """It strikes that share of what it happens to, the others never."""
    faults = declared_faults(laboratory(drop_rate=0.1).simulation)
    struck = [faults.mishap("drop").strikes(Draws(5), "robot", str(i)) for i in range(2000)]
    assert 140 < sum(struck) < 260
    assert not any(faults.mishap("clog").strikes(Draws(5), str(i)) for i in range(100))


@pytest.mark.parametrize(
    "settings",
    [
        {"dropp_rate": 0.1},
        {"drop_rate": -0.1},
        {"lost_answer_rate": 1.5},
        {"slow_program_rate": "often"},
        {"slow_program_factor": 0},
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(settings) -> None:
    """Before anything starts."""
    with pytest.raises(WorldError, match=next(iter(settings))):
        declared_faults(laboratory(**settings).simulation)


def test_one_instrument_may_have_a_rate_of_its_own():
    simulation = laboratory(**{"late_antisolvent_rate": 0.01, "spin_b.late_antisolvent_rate": 0.2}).simulation
    faults = declared_faults(simulation, ("spin_a", "spin_b"))
    rates = [faults.mishap("late_antisolvent", name).rate for name in ("spin_a", "spin_b")]
    assert rates == [0.01, 0.2]


def test_a_rate_of_an_instrument_that_is_not_there_is_misspelt():
    with pytest.raises(WorldError, match=r"no setting 'spin_c\.late_antisolvent_rate'"):
        declared_faults(laboratory(**{"spin_c.late_antisolvent_rate": 0.2}).simulation, ("spin_a", "spin_b"))
