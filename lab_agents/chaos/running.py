"""One night of chaos from the plan to its scorecard."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from lab_agents.benchmarks.kills import BadNight, Night, end_left
from lab_agents.bus.relay import Relay
from lab_agents.chaos.arms import clock_file, make_arms
from lab_agents.chaos.plan import ChaosPlan
from lab_agents.chaos.schedule import instrument_settings, network_faults, plan_night
from lab_agents.chaos.twin import to_file, twin_of
from lab_agents.state_folder import StateFolder, read_json, write_atomically, write_json
from lab_agents.wall_clock import STEPPED, step_clock


@dataclass(frozen=True)
class NightOfChaos:
    """What was done and what came of it: the night, blows planned, what network and instruments did, by fault."""

    night: Night
    planned: Mapping[str, int] = field(default_factory=dict)
    messages: Mapping[str, int] = field(default_factory=dict)
    instruments: Mapping[str, int] = field(default_factory=dict)


async def run_chaos(plan: ChaosPlan, state: Path, progress: Callable[[int, int], None]) -> NightOfChaos:
    """Run a plan's campaign in the simulated twin of its laboratory, and do to it what the plan says.

    Args:
        plan: From `read_plan`.
        state: A folder that does not exist yet; the laboratory's state stays there.
        progress: Told blows given and planned.

    Raises:
        DeclarationError: If the laboratory cannot be simulated.
        GuardError: If it does not start.
    """
    lab = state.with_suffix(".lab.yaml")
    state.parent.mkdir(parents=True, exist_ok=True)
    file = to_file(twin_of(plan.laboratory, instrument_settings(plan)))
    write_atomically(lab, file)
    folder = StateFolder.create(state, plan.laboratory.name, file)
    relay = Relay(lambda: str(read_json(folder.runtime)["listens"]), plan.seed, network_faults(plan))
    if needs_relay(plan):
        address = await relay.start()
        write_json(folder.runtime, {"broker": address, "relay": address})
    blows = plan_night(plan)
    clock = clock_file(state)
    step_clock(clock, 0.0)
    campaign = state.with_suffix(".campaign.yaml")
    write_atomically(campaign, campaign_file(plan))
    wishes = ["--lab", str(lab), "--no-report"]
    if plan.campaign.table_path is not None:
        wishes += ["--table", str(plan.campaign.table_path)]
    night = BadNight(
        campaign,
        state,
        blows,
        plan.seed,
        together=plan.together,
        arms=make_arms(relay),
        wishes=wishes,
        patience=plan.within,
        environment={STEPPED: str(clock)},
    )
    try:
        done = await night.run(progress)
    finally:
        await relay.close()
        await asyncio.to_thread(end_left, state)
    planned: dict[str, int] = {}
    for blow in blows:
        planned[blow.how] = planned.get(blow.how, 0) + 1
    messages = {name: count for name, count in relay.given.items() if count}
    return NightOfChaos(done, planned, messages, count_mishaps(folder.log("simulator")))


def count_mishaps(log: Path) -> Mapping[str, int]:
    """How often the simulated instruments had which mishap, by its setting, from what the hardware says of itself."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    told = (line.partition(" has the mishap ") for line in lines)
    return Counter(f"{name.strip()}_rate" for _, said, name in told if said)


def campaign_file(plan: ChaosPlan) -> bytes:
    """The campaign of a plan, with the plan's budget where it has one."""
    declared, full = dict(plan.campaign.declaration.data), plan.campaign.plan
    if plan.samples is not None:
        planner = full.planner.model_copy(update={"initial": min(full.planner.initial, max(1, plan.samples // 2))})
        budget = full.budget.model_copy(update={"samples": plan.samples})
        for name, record in (("planner", planner), ("budget", budget)):
            declared[name] = record.model_dump(mode="json", exclude_none=True)
        declared["batch"] = min(full.batch, plan.samples)
    return yaml.safe_dump(declared, allow_unicode=True, sort_keys=False).encode()


def needs_relay(plan: ChaosPlan) -> bool:
    """Whether anything happens between processes and broker; without, nothing stands between them."""
    return any(plan.of_manner("network")) or any(fault.fault == "partition" for fault in plan.faults)
