"""Drivers: what is known of a class of instruments without loading the RunEngine, and where the rest is."""

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from instruments.addresses import Address
from instruments.errors import DriverError
from instruments.programs import Traits
from instruments.transports.connection import Wire

GROUP = "lab_agents.instruments"

ArgumentKind = Literal["quantity", "channel", "place", "mixture"]
"""A `mixture` is volumes of stocks (`lab_agents.records.stock.volumes_text`), each within the limits of `volume`, their
sum within those of `total`."""


@dataclass(frozen=True)
class ActDeclaration:
    """One act that a driver offers.

    Attributes:
        plan: Where its plan is, `module:function`; loaded by the engine only.
        arguments: Its arguments and what each one is. A `quantity` needs a limit in the lab file.
        raw: For a measuring act, the keys of its raw record in the order in which they are written, and the reading
            behind each.
    """

    plan: str
    arguments: Mapping[str, ArgumentKind] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gauge:
    """A number that an instrument shows at any time: the signal that is read, and its unit.

    Reading it changes nothing and ends nothing: it is read while programs run.
    """

    signal: str
    unit: str = "1"


@dataclass(frozen=True)
class Driver:
    """A class of instruments, as registered under the entry point group `lab_agents.instruments`.

    Attributes:
        name: The driver's name in lab files.
        scheme: Of its addresses.
        traits: What the instruments promise.
        units: Unit of every quantity that its acts take; the lab file's limits must be in it.
        acts: What it can do, by the names that recipes use.
        signals: Names that a safe state may write and read.
        wire: Makes the light client from an address and a time limit in seconds.
        device: Where the Bluesky device is, `module:class`; loaded by the engine only.
        prepare: Called with each instrument's address before any device class is loaded, for client libraries that
            read their environment once.
        limit_signals: Signals that hold the hardware's lower and upper limit of the first of `units`; None where it
            holds none.
        gauges: What it shows to people while it works, by name; nothing is decided on it.
    """

    name: str
    scheme: str
    traits: Traits
    units: Mapping[str, str]
    acts: Mapping[str, ActDeclaration]
    signals: frozenset[str]
    wire: Callable[[Address, float], Wire]
    device: str
    prepare: Callable[[Address], None] | None = None
    limit_signals: tuple[str, str] | None = None
    gauges: Mapping[str, Gauge] = field(default_factory=dict)

    @property
    def limited(self) -> str | None:
        """The quantity that the hardware limits, or None."""
        return next(iter(self.units), None) if self.limit_signals is not None else None


def load_object(path: str) -> Callable[..., Any]:
    """The class or function at `module:name`."""
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def lazy_wire(client: str, words: str) -> Callable[[Address, float], Wire]:
    """What makes a wire of the class at `client` (`module:class`) with the table of signals at `words`.

    Both are imported when the first wire is made: who reads a lab file loads no client library.
    """

    def make(address: Address, limit: float) -> Wire:
        wire: Wire = load_object(client)(address, load_object(words), limit)
        return wire

    return make


@functools.cache
def _registered() -> Mapping[str, EntryPoint]:
    """Read once: it looks through every installed package."""
    return {point.name: point for point in entry_points(group=GROUP)}


def driver_names() -> tuple[str, ...]:
    """Names of all installed drivers, sorted."""
    return tuple(sorted(_registered()))


@functools.cache
def load_driver(name: str) -> Driver:
    """The driver `name`.

    Raises:
        DriverError: If it is not installed, or its entry point is no `Driver` of that name.
    """
    point = _registered().get(name)
    if point is None:
        raise DriverError(
            f"There is no instrument driver {name}. Known are {', '.join(driver_names())}; install the package that "
            f"registers {name} under {GROUP}."
        )
    driver = point.load()
    if not isinstance(driver, Driver) or driver.name != name:
        raise DriverError(f"The entry point {name} of {point.dist} is {driver!r}, which is no driver of that name.")
    return driver
