"""From a plan to the blows of one night, and to the rates of what happens all the time."""

import random
from typing import Any

from lab_agents.benchmarks.kills import Blow
from lab_agents.bus.faulty import Faults
from lab_agents.chaos.plan import ChaosPlan, PlannedFault

NOBODY = {"power_cut": "simulator", "broker_restart": "broker", "broker_loss": "broker"}
"""Whom a fault strikes that is said of nobody."""


def plan_night(plan: ChaosPlan) -> list[Blow]:
    """Every blow of a plan, in an order from its seed; those of one fault go round among whom it may strike."""
    rng = random.Random(f"chaos {plan.seed}")
    blows = [blow for fault in plan.of_manner("blow") for blow in _blows(fault, rng)]
    rng.shuffle(blows)
    return blows


def _blows(fault: PlannedFault, rng: random.Random) -> list[Blow]:
    names = fault.names or (NOBODY.get(fault.fault, fault.fault),)
    drawn = rng.sample(names, len(names))
    return [Blow(fault.fault, drawn[i % len(drawn)], fault.seconds) for i in range(fault.times)]


def network_faults(plan: ChaosPlan) -> Faults:
    """What happens to messages; of two declarations of one fault the later counts."""
    rates: dict[str, Any] = {fault.kind.setting: fault.rate for fault in plan.of_manner("network")}
    return Faults(**rates)


def instrument_settings(plan: ChaosPlan) -> dict[str, float]:
    """What happens to instruments, as settings of the simulated laboratory: for all, or for each that is named."""
    settings: dict[str, float] = {}
    for fault in plan.of_manner("instrument"):
        everyone = len(fault.names) == len(plan.laboratory.instruments)
        names = [fault.kind.setting] if everyone else [f"{name}.{fault.kind.setting}" for name in fault.names]
        settings |= dict.fromkeys(names, fault.rate)
    return settings
