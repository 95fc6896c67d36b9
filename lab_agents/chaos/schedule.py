"""From a plan to the blows of one night, and to the rates of what happens all the time."""

import random
from typing import Any

from lab_agents.benchmarks.blows import Blow
from lab_agents.bus.faulty import Faults
from lab_agents.chaos.plan import ChaosPlan, PlannedFault

NOBODY = {
    "power_cut": "simulator",
    "broker_restart": "broker",
    "broker_loss": "broker",
    "store_locked": "recorder",
    "store_full": "recorder",
    "store_read_only": "recorder",
    "clock_forward": "machine",
    "clock_back": "machine",
}
"""Whom a fault strikes that is said of nobody."""


def plan_night(plan: ChaosPlan) -> list[Blow]:
    """Every blow of a plan, in an order from its seed; those of one fault go round among whom it may strike."""
    rng = random.Random(f"chaos {plan.seed}")
    placed = [one for fault in plan.of_manner("blow") for one in _blows(fault, rng)]
    return [blow for _, blow in sorted(placed, key=lambda one: one[0])]


def _blows(fault: PlannedFault, rng: random.Random) -> list[tuple[float, Blow]]:
    """The blows of one fault, each with its place in the night from 0 to 1.

    They are spread over it: a guard holds what ends again and again within a minute, as it should.
    """
    names = fault.names or (NOBODY.get(fault.fault, fault.fault),)
    drawn = rng.sample(names, len(names))
    return [
        ((i + rng.random()) / fault.times, Blow(fault.fault, drawn[i % len(drawn)], fault.seconds))
        for i in range(fault.times)
    ]


def network_faults(plan: ChaosPlan) -> Faults:
    """What happens to messages; of two declarations of one fault the later counts."""
    rates: dict[str, Any] = {fault.kind.setting: fault.rate for fault in plan.of_manner("network")}
    return Faults(**rates)


def instrument_settings(plan: ChaosPlan) -> dict[str, float]:
    """What happens to instruments, as settings of the simulated laboratory: for all, or for each that is named."""
    settings: dict[str, float] = {}
    for fault in plan.of_manner("instrument"):
        everyone = fault.kind.targets == "nothing" or len(fault.names) == len(plan.laboratory.instruments)
        names = [fault.kind.setting] if everyone else [f"{name}.{fault.kind.setting}" for name in fault.names]
        settings |= dict.fromkeys(names, fault.rate)
    return settings
