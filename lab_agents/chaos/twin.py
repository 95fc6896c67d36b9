"""The simulated twin of a laboratory: the user's own lab file, with simulated instruments on one machine."""

from urllib.parse import urlsplit

import yaml

from instruments.addresses import parse_address
from lab_agents.bus.broker import choose_port
from lab_agents.errors import DeclarationError
from lab_agents.records.laboratory import Laboratory, SimulationDeclaration
from simulators.errors import WorldError
from simulators.installation import Models


def twin_of(laboratory: Laboratory, settings: dict[str, float]) -> Laboratory:
    """The laboratory as it is simulated on this machine: agents, places, limits and rules are its own.

    All agents stand on its first machine, with a broker of their own and raw data in the state folder; instruments
    that share an address on the wire still do, at a port chosen here. Nothing real is reached, and nobody is notified.

    Args:
        laboratory: As its file declares it.
        settings: Added to those of its simulation.

    Raises:
        DeclarationError: If an instrument of it cannot be simulated.
    """
    machine = laboratory.machines[0]
    world = "absorber" if laboratory.stocks else "replay"
    simulation = laboratory.simulation or SimulationDeclaration(world=world, seed=0)
    twin = Laboratory.model_validate(
        {
            **dict(laboratory),
            "machines": (machine,),
            "guards": {},
            "broker": None,
            "starts_broker": False,
            "credentials": None,
            "blobs": None,
            "notifications": {},
            "agents": {n: a.model_copy(update={"machine": machine}) for n, a in laboratory.agents.items()},
            "instruments": _simulated(laboratory),
            "simulation": simulation.model_copy(update={"settings": {**simulation.settings, **settings}}),
        }
    )
    _check(twin)
    return twin


def to_file(laboratory: Laboratory) -> bytes:
    """The laboratory as a lab file."""
    declared = laboratory.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(declared, allow_unicode=True, sort_keys=False).encode()


def _simulated(laboratory: Laboratory) -> dict[str, object]:
    ports: dict[str, int] = {}
    found: dict[str, object] = {}
    for name, declaration in laboratory.instruments.items():
        place = urlsplit(declaration.address)
        if place.hostname == "127.0.0.1":
            found[name] = declaration
            continue
        port = ports.setdefault(place.netloc, choose_port())
        address = parse_address(declaration.address)
        local = str(address).replace(place.netloc, f"127.0.0.1:{port}", 1)
        found[name] = declaration.model_copy(update={"address": local})
    return found


def _check(twin: Laboratory) -> None:
    try:
        models = Models(twin, None)
        for name in twin.instruments:
            models.model(name)
    except WorldError as error:
        raise DeclarationError(
            str(error), source=twin.name, remedy="Chaos needs a laboratory that can be simulated"
        ) from None
