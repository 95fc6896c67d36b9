"""From a plan to what is done when."""

from collections import Counter
from pathlib import Path

from lab_agents.bus.faulty import Faults
from lab_agents.chaos.plan import ChaosPlan, read_plan
from lab_agents.chaos.schedule import instrument_settings, network_faults, plan_night

PLAN = """
name: night
campaign: opv_blend.yaml
faults:
  - {fault: kill, of: [agents], times: 20}
  - {fault: freeze, of: [recorder], times: 2, seconds: 3.0}
  - {fault: broker_loss}
  - {fault: messages_dropped, rate: 0.25}
  - {fault: messages_malformed, rate: 0.5}
"""


def read(folder: Path, seed: int) -> ChaosPlan:
    """The plan under a seed."""
    path = folder / "night.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return read_plan(path, seed=seed)


def test_every_blow_is_planned_and_goes_round_among_whom_it_may_strike(tmp_path: Path) -> None:
    """Nobody is struck twice before everybody was struck once."""
    plan = read(tmp_path, 1)
    blows = plan_night(plan)
    assert Counter(blow.how for blow in blows) == {"kill": 20, "freeze": 2, "broker_loss": 1}
    kills = Counter(blow.name for blow in blows if blow.how == "kill")
    assert set(kills) == set(plan.laboratory.agents)
    assert max(kills.values()) - min(kills.values()) <= 1
    assert {blow.seconds for blow in blows if blow.how == "freeze"} == {3.0}
    assert {blow.name for blow in blows if blow.how == "broker_loss"} == {"broker"}


def test_the_same_seed_plans_the_same_night(tmp_path: Path) -> None:
    """And another one another."""
    assert plan_night(read(tmp_path, 1)) == plan_night(read(tmp_path, 1)) != plan_night(read(tmp_path, 2))


def test_rates_reach_the_network_and_the_instruments(tmp_path: Path) -> None:
    """Each under the name that its carrier has for it."""
    plan = read(tmp_path, 1)
    assert network_faults(plan) == Faults(loss=0.25, garbling=0.5)
    assert instrument_settings(plan) == {}
