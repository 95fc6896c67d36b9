"""Reading lab files: YAML in, a checked `Laboratory` out, every mistake with its file, line, value and remedy."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from instruments.addresses import AddressError, parse_address
from instruments.drivers import Driver, load_driver
from instruments.errors import DriverError
from instruments.failure_check import check_failures, check_kinds
from instruments.interlocks import CHANNELS
from instruments.outside import check_outside, check_secrets
from lab_agents.declarations import Declaration, read_declaration
from lab_agents.errors import DeclarationError
from lab_agents.records.laboratory import AgentDeclaration, InstrumentDeclaration, Laboratory, Role

_EVERY_LAB: tuple[Role, ...] = ("planning", "analysis", "training", "supervision")
"""Roles that the ring cannot turn without."""


def read_laboratory(path: Path) -> Laboratory:
    """Read and check a lab file.

    Agents that every laboratory needs and the file does not list (planning, analysis, training, supervision, and in
    simulation the person) are added under the names of their roles, on the first machine.

    A file that says `like: NAME` is as the laboratory of that name that comes with the package, except for the fields
    that it declares itself.

    Raises:
        DeclarationError: For the first thing that cannot be meant.
    """
    document = _completed(read_declaration(path))
    check_secrets(document)
    check_kinds(document)
    laboratory = document.read(Laboratory)
    check_outside(document, laboratory)
    for name, instrument in laboratory.instruments.items():
        _check_instrument(document, name, instrument)
    if len(laboratory.channels) > CHANNELS:
        raise document.error(f"{len(laboratory.channels)} are declared, dispensers have {CHANNELS}", "channels")
    _check_interlocks(document, laboratory)
    _check_waits(document, laboratory)
    check_failures(document, laboratory)
    return _with_default_agents(document, laboratory)


def _completed(document: Declaration) -> Declaration:
    """The document with what it leaves to the laboratory that it is like."""
    name = document.data.get("like")
    if name is None:
        return document
    if not isinstance(name, str) or "/" in name or name.endswith((".yaml", ".yml")):
        raise document.error(f"is {name!r}", "like", remedy="Name a laboratory that comes with the package")
    like = read_declaration(find_laboratory(name, Path()))
    if "like" in like.data:
        raise document.error(f"{name} is itself like another one", "like", remedy=f"Be like {like.data['like']}")
    own = {key: value for key, value in document.data.items() if key != "like"}
    return Declaration(document.source, {**like.data, **own}, {**like.lines, **document.lines})


def find_laboratory(name_or_path: str, base: Path) -> Path:
    """The lab file that is meant: a path (relative to `base`), or the name of a lab that comes with the package.

    Raises:
        DeclarationError: If there is none; the remedy names those that exist.
    """
    if name_or_path.endswith((".yaml", ".yml")) or "/" in name_or_path:
        path = base / name_or_path
        if path.is_file():
            return path.resolve()
        raise DeclarationError("there is no such lab file", source=str(path), remedy="Check the path")
    for folder in _lab_folders():
        if (folder / f"{name_or_path}.yaml").is_file():
            return folder / f"{name_or_path}.yaml"
    known = ", ".join(sorted({p.stem for folder in _lab_folders() for p in folder.glob("*.yaml")}))
    remedy = f"Known are {known}; or give the path of a lab file"
    raise DeclarationError(f"there is no laboratory {name_or_path!r}", source=name_or_path, remedy=remedy)


def resolve_addresses(laboratory: Laboratory, addresses: Mapping[str, str]) -> Laboratory:
    """The laboratory with the addresses that its simulation chose.

    Only addresses with port 0 are replaced: a real instrument in a mixed laboratory keeps its own.

    Raises:
        DeclarationError: If an instrument with port 0 has no address in `addresses`, or one of another protocol.
    """
    instruments = {}
    for name, declaration in laboratory.instruments.items():
        asked = parse_address(declaration.address)
        if asked.port != 0:
            instruments[name] = declaration
            continue
        if name not in addresses:
            raise DeclarationError(
                f"has port 0, and no address of it is known ({', '.join(sorted(addresses)) or 'none at all'} are)",
                source=laboratory.name, field=f"instruments.{name}.address",
                remedy="Start the simulated laboratory, or write the real instrument's port",
            )  # fmt: skip
        given = parse_address(addresses[name])
        if given.scheme != asked.scheme or given.port == 0:
            raise DeclarationError(
                f"is declared as {asked}, but {given} was given",
                source=laboratory.name,
                field=f"instruments.{name}.address",
            )
        instruments[name] = declaration.model_copy(update={"address": str(given)})
    return laboratory.model_copy(update={"instruments": instruments})


def _lab_folders() -> tuple[Path, ...]:
    beside = Path(__file__).resolve().parent.parent
    # In a checkout the lab files lie beside the packages; installed, inside lab_agents.
    return (beside / "deployment" / "labs", beside / "lab_agents" / "deployment" / "labs")


def _check_instrument(document: Declaration, name: str, declaration: InstrumentDeclaration) -> None:
    where = ("instruments", name)
    try:
        driver = load_driver(declaration.driver)
    except DriverError as error:
        raise document.error(str(error), *where, "driver") from None
    try:
        address = parse_address(declaration.address)
        for number in ("unit", "slot"):
            address.number(number, 1)
    except AddressError as error:
        raise document.error(str(error), *where, "address") from None
    if address.scheme != driver.scheme:
        remedy = f"Write {driver.scheme}://host:port"
        raise document.error(f"{driver.name} does not speak {address.scheme}", *where, "address", remedy=remedy)
    _check_limits(document, name, declaration, driver)
    _check_telemetry(document, name, declaration)
    for i, write in enumerate(declaration.safe_state):
        for field, signal in (("signal", write.signal), ("read_back", write.read_back)):
            if signal not in driver.signals:
                what, remedy = (
                    f"{driver.name} has no signal {signal!r}",
                    f"Known are {', '.join(sorted(driver.signals))}",
                )
                raise document.error(what, *where, "safe_state", i, field, remedy=remedy)


def _check_limits(document: Declaration, name: str, declaration: InstrumentDeclaration, driver: Driver) -> None:
    where = ("instruments", name, "limits")
    for quantity, unit in driver.units.items():
        if quantity not in declaration.limits:
            remedy = f"Write {quantity}: {{lower: …, upper: …, unit: {unit}}}"
            raise document.error(f"there is no limit for {quantity}", *where, remedy=remedy)
        given = declaration.limits[quantity].unit
        if given != unit:
            what, remedy = f"is {given!r}; {quantity} is set in {unit}", f"Convert the limits to {unit}"
            raise document.error(what, *where, quantity, "unit", remedy=remedy)
    for quantity in declaration.limits:
        if quantity not in driver.units:
            remedy = f"Its quantities are {', '.join(driver.units) or 'none'}"
            raise document.error(f"{driver.name} sets no {quantity}", *where, quantity, remedy=remedy)


def _check_interlocks(document: Declaration, laboratory: Laboratory) -> None:
    """Interlocks that need a look at another instrument work inside one agent only; the rest is for services."""
    for i, group in enumerate(laboratory.interlocks.exclusive):
        for instrument in group.instruments:
            _check_known(document, laboratory, instrument, "interlocks", "exclusive", i)
        if len({laboratory.owner(instrument) for instrument in group.instruments}) > 1:
            remedy = "Give them to one agent, or let a service lend a place that both need"
            raise document.error("an exclusive group has several owners", "interlocks", "exclusive", i, remedy=remedy)
    for i, rule in enumerate(laboratory.interlocks.only_when):
        for instrument in (rule.instrument, rule.reads):
            _check_known(document, laboratory, instrument, "interlocks", "only_when", i)
        if laboratory.owner(rule.instrument) != laboratory.owner(rule.reads):
            what = f"{rule.instrument} and {rule.reads} have different owners"
            raise document.error(what, "interlocks", "only_when", i, remedy="Give both to one agent")
    known = {channel.parameter for channel in laboratory.channels} | {stock.name for stock in laboratory.stocks}
    for i, pair in enumerate(laboratory.interlocks.forbidden_pairs):
        for parameter in (pair.one, pair.other):
            if parameter not in known:
                remedy = f"There are {', '.join(sorted(known)) or 'none'}"
                raise document.error(
                    f"no channel or stock carries {parameter!r}", "interlocks", "forbidden_pairs", i, remedy=remedy
                )


FASTEST = 0.2
"""Seconds: who looks more often than five times a second wants to control, and telemetry is for people."""


def _check_telemetry(document: Declaration, name: str, declaration: InstrumentDeclaration) -> None:
    every = declaration.settings.get("telemetry", 0)
    if isinstance(every, str) or (every != 0 and every < FASTEST):
        where = ("instruments", name, "settings", "telemetry")
        remedy = f"Give the seconds between two readings, {FASTEST:g} or more, or 0 for none"
        raise document.error(f"is {every!r}", *where, remedy=remedy)


_WAITS: Mapping[Role, str] = MappingProxyType({"supervision": "ticket_hours", "person": "delay"})
"""How long people may take: hours until a ticket gets its default, seconds until a simulated person comes."""


def _check_waits(document: Declaration, laboratory: Laboratory) -> None:
    for name, agent in laboratory.agents.items():
        setting = _WAITS.get(agent.role, "")
        value = agent.settings.get(setting, 0)
        if isinstance(value, str) or value < 0:
            remedy = "Give a number, 0 or more"
            raise document.error(f"is {value!r}", "agents", name, "settings", setting, remedy=remedy)


def _check_known(document: Declaration, laboratory: Laboratory, instrument: str, *where: str | int) -> None:
    if instrument not in laboratory.instruments:
        remedy = f"Declared are {', '.join(laboratory.instruments)}"
        raise document.error(f"there is no instrument {instrument!r}", *where, remedy=remedy)


def _with_default_agents(document: Declaration, laboratory: Laboratory) -> Laboratory:
    wanted: tuple[Role, ...] = (*_EVERY_LAB, "person") if laboratory.simulation is not None else _EVERY_LAB
    agents = dict(laboratory.agents)
    for role in wanted:
        if laboratory.agents_of(role):
            continue
        if role in agents:
            raise document.error(f"is the name of the {role} agent, but has the role {agents[role].role}", "agents",
                                 role, remedy=f"Rename it, or declare an agent with role {role}")  # fmt: skip
        agents[role] = AgentDeclaration(role=role, machine=laboratory.machines[0])
    try:
        return Laboratory.model_validate({**dict(laboratory), "agents": agents})
    except ValidationError as error:
        raise document.error(str(error), "agents") from None
