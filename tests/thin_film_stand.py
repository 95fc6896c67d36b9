"""The shipped thin-film laboratory for tests: its file, its world without wires, and a stand with its servers."""

import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import yaml

from instruments.addresses import parse_address
from instruments.lab import resolve_addresses
from instruments.transports.ca_search import search_at
from lab_agents.records.laboratory import Laboratory, SimulationDeclaration
from lab_agents.records.recipe import Act
from lab_agents.records.stock import volumes_text
from simulators.floor import Floor, open_world
from simulators.installation import install, standing
from simulators.instruments.program import Firmware, Order
from simulators.lab import SimulatedLab
from simulators.servers.ports import free_port
from simulators.world_state import WorldState
from tests.instrument_stand import Stand
from tests.simulated_world import START, token

LAB_FILE = Path(__file__).parent.parent / "deployment" / "labs" / "thin_film.yaml"

INK = volumes_text({"fai": 160.0, "csi": 40.0, "pbi2": 100.0, "sni2": 100.0})
"""The ink of FA.8Cs.2Pb.5Sn.5I3."""

CHANNEL_ACCESS = f"ca://127.0.0.1:{free_port(datagrams=True)}/XRD:"
"""One address for the diffractometers of all tests in this process: the client library reads it once."""

search_at(parse_address(CHANNEL_ACCESS))

_DECLARED = Laboratory.model_validate_json(json.dumps(yaml.safe_load(LAB_FILE.read_text())))


def thin_film(*names: str, **settings: float | int | str) -> Laboratory:
    """The shipped laboratory with only the instruments `names` (all if none is named).

    `settings` go to its simulation (faults).
    """
    lab = _DECLARED
    instruments = {}
    for name in names or tuple(lab.instruments):
        instrument = lab.instruments[name]
        address = CHANNEL_ACCESS if name == "xrd" else instrument.address
        instruments[name] = instrument.model_copy(update={"address": address})
    agents = {
        name: agent.model_copy(update={"instruments": tuple(i for i in agent.instruments if i in instruments)})
        for name, agent in lab.agents.items()
    }
    simulation = SimulationDeclaration(world="absorber", seed=7, settings=settings)
    return lab.model_copy(update={"instruments": instruments, "agents": agents, "simulation": simulation})


def installed(folder: Path, **settings: float | int | str) -> tuple[WorldState, dict[str, Firmware]]:
    """An open world in `folder`, and every instrument over it; no servers, no clock."""
    folder.mkdir(exist_ok=True)
    lab = thin_film(**settings)
    world = WorldState(folder, START, standing=standing(lab))
    return world, install(lab, None, world)


@asynccontextmanager
async def open_floor(folder: Path, *names: str, **settings: float | int | str) -> AsyncIterator[Floor]:
    """Instruments over a new world in `folder`, with the thread that changes it; no servers, no clock."""
    lab = thin_film(*names, **settings)
    with ThreadPoolExecutor(max_workers=1) as thread:
        world = await open_world(folder, START, thread, standing(lab))
        yield Floor(world, install(lab, None, world), thread)
        thread.submit(world.close).result()


@asynccontextmanager
async def open_stand(folder: Path, *names: str, **settings: float | int | str) -> AsyncIterator[Stand]:
    """The instruments `names` with their servers listening; closed at the end."""

    async def nobody(**_: object) -> None:
        """The clock is moved by hand."""

    lab = thin_film(*names, **settings)
    simulated = SimulatedLab(lab, None, folder / "simulator", None, nobody)
    await simulated.start()
    stand = Stand(folder, resolve_addresses(lab, simulated.addresses), simulated)
    try:
        yield stand
    finally:
        await stand.close()


ARGUMENTS: dict[str, dict[str, float | str]] = {
    "mix": {"vial": "vial_a", "volumes": INK},
    "spin": {"speed": 4000.0, "duration": 40.0, "delay": 15.0},
    "anneal": {"temperature": 110.0, "duration": 600.0},
    "transfer": {"source": "stage_a", "target": "rack_1"},
    "scan": {"start": 8.0, "stop": 45.0, "step": 0.02, "time_per_step": 0.5},
    "spectrum": {"averages": 16.0},
    "illuminate": {"suns": 1.0, "duration": 1800.0},
    "sweep": {"current": 0.01, "points": 10.0},
}
"""A usual set of arguments of each act."""

INSTRUMENT = {
    "mix": "handler",
    "spin": "spin_a",
    "anneal": "hotplate_a_1",
    "transfer": "robot",
    "scan": "xrd",
    "spectrum": "uvvis",
    "illuminate": "lamp_1",
    "sweep": "probe",
}
"""Which instrument does it, unless another is named."""


def act(plan: str, instrument: str = "", **changes: float | str) -> Act:
    """An act with its usual arguments, some of them changed."""
    return Act(instrument=instrument or INSTRUMENT[plan], plan=plan, arguments={**ARGUMENTS[plan], **changes})


def order(number: int, command: str, **changes: float | str) -> Order:
    """The order of an act under a token that tests can read."""
    return Order(token(number), 1, command, {**ARGUMENTS[command], **changes})


def at(given: Order, when: object) -> Order:
    """The order at another laboratory time."""
    return replace(given, at=when)
