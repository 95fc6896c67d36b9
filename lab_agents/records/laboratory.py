"""The laboratory as its file declares it: machines, agents, instruments, places, consumables."""

from typing import Literal

from pydantic import Field, model_validator

from lab_agents.records.base import FrozenMap, Name, Record
from lab_agents.records.drills import Drills
from lab_agents.records.failure import BY_KIND, FailurePolicy, TaskKind
from lab_agents.records.notification import NotificationChannel
from lab_agents.records.place import Consumable, Place
from lab_agents.records.prices import Prices
from lab_agents.records.quantities import Seconds
from lab_agents.records.recipe import Argument
from lab_agents.records.stock import Standard, Stock

Role = Literal["planning", "synthesis", "characterization", "service", "analysis", "training", "supervision", "person"]
LostPermit = Literal["hold", "finish", "safe"]


class Limit(Record):
    """The inclusive range of a set-point. `smallest` refuses values strictly between zero and it."""

    lower: float
    upper: float
    smallest: float | None = Field(default=None, gt=0)
    unit: str = "1"

    @model_validator(mode="after")
    def _check_range(self) -> "Limit":
        if self.lower > self.upper:
            raise ValueError(f"lower {self.lower} is above upper {self.upper}")
        return self


class SafeWrite(Record):
    """One write of a safe state: register, value, the register read back, the value expected, the time allowed."""

    signal: str
    value: float
    read_back: str
    expected: float
    within: Seconds = 2.0


class InstrumentDeclaration(Record):
    """One instrument: its driver (entry point), address, limits, safe state.

    `address` is a URL of the transport (`modbus://host:port?unit=1`, `opc.tcp://host:port/…`, `scpi://host:port`,
    `ca://host:port/PREFIX:`). Port 0 means: the port that the simulated laboratory chose and keeps in its state folder.
    """

    driver: Name
    address: str
    limits: FrozenMap[str, Limit] = Field(default_factory=dict)
    safe_state: tuple[SafeWrite, ...] = ()
    lost_permit: LostPermit = "finish"
    settings: FrozenMap[str, Argument] = Field(default_factory=dict)


class AgentDeclaration(Record):
    """One agent process: its role, the instruments it alone drives, its settings (recipe rules, places)."""

    role: Role
    machine: Name = "main"
    instruments: tuple[Name, ...] = ()
    settings: FrozenMap[str, Argument] = Field(default_factory=dict)


class Channel(Record):
    """How one parameter becomes a volume: `volume = offset + scale * value`, in µL; part of a line's recipe rules.

    Dispensers have channels 1 to 4 in the order of this list. With a simplex the offset is 0 and the scale the total.
    """

    parameter: str
    offset: float = 0.0
    scale: float


LARGEST_RACK = 1000
"""Places of one rack at most."""


class Rack(Record):
    """A row of equal places, `<prefix>_1` to `<prefix>_<count>`; the laboratory's `all_places` lists them."""

    prefix: Name
    count: int = Field(ge=1, le=LARGEST_RACK)
    kind: Name
    service: Name
    is_buffer: bool = True


class ExclusiveGroup(Record):
    """Instruments of one agent of which at most one may move at a time; `because` is shown to people."""

    instruments: tuple[Name, ...] = Field(min_length=2)
    because: str


class ForbiddenPair(Record):
    """Two parameters whose materials must never meet in one vial."""

    one: str
    other: str
    because: str

    def other_than(self, parameter: str) -> str | None:
        """The partner of `parameter`, or None where it is neither of both."""
        return {self.one: self.other, self.other: self.one}.get(parameter)


class OnlyWhen(Record):
    """An instrument starts only while a signal (a door, an extraction, a temperature) reads inside a range.

    `reads` is the instrument whose `signal` is read, one of the same agent; `plans` names the acts it holds for (empty:
    all of them).
    """

    instrument: Name
    plans: tuple[Name, ...] = ()
    reads: Name
    signal: str
    lower: float
    upper: float
    because: str


class Interlocks(Record):
    """What is refused just before a motion, beside the limits of each instrument."""

    exclusive: tuple[ExclusiveGroup, ...] = ()
    forbidden_pairs: tuple[ForbiddenPair, ...] = ()
    only_when: tuple[OnlyWhen, ...] = ()


class SimulationDeclaration(Record):
    """What stands at the other end in a simulated laboratory; a real laboratory has none.

    `speed` is laboratory seconds per wall second at most; None jumps as fast as rest allows.
    """

    world: Name
    seed: int = Field(ge=0)
    starts_at: str = "2026-01-01T00:00:00+00:00"
    speed: float | None = Field(default=None, gt=0)
    settings: FrozenMap[str, Argument] = Field(default_factory=dict)


class GuardAddress(Record):
    """Where a guard listens beyond its own machine; who asks it signs with the machine's secret (`credentials`).

    `key` stood there in logs of the first release; a lab file that holds one is refused.
    """

    host: str
    port: int = Field(ge=1, le=65535)
    key: str | None = Field(default=None, min_length=16, repr=False)


class Laboratory(Record):
    """The whole declaration. Agents not listed under `agents` but needed by every lab are added by the reader.

    `blobs` is where raw data are kept, a URL that fsspec reaches (`file:///data`, `s3://bucket/prefix`); None means in
    the state folder.

    `broker` is the address of a broker; None starts one on the first machine, on loopback. With `starts_broker` the
    first machine's guard starts the one at that address. `credentials` is the folder, on each machine, of the
    certificates and secrets that `lab-agents credentials` made; nothing beyond loopback goes without.

    `drills` says how often the emergency stop is to be tried; None leaves that to people.

    `notifications` are the ways by which people are told what happens, each under a name.
    """

    name: Name
    agents: FrozenMap[Name, AgentDeclaration]
    instruments: FrozenMap[Name, InstrumentDeclaration]
    places: tuple[Place, ...] = ()
    racks: tuple[Rack, ...] = ()
    consumables: tuple[Consumable, ...] = ()
    channels: tuple[Channel, ...] = ()
    stocks: tuple[Stock, ...] = ()
    standards: tuple[Standard, ...] = ()
    machines: tuple[Name, ...] = ("main",)
    guards: FrozenMap[Name, GuardAddress] = Field(default_factory=dict)
    broker: str | None = None
    starts_broker: bool = False
    credentials: str | None = Field(default=None, pattern=r"^/.+$")
    drills: Drills | None = None
    prices: Prices = Prices()
    blobs: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9+.-]*://.+$")
    interlocks: Interlocks = Interlocks()
    on_failure: FrozenMap[TaskKind, FailurePolicy] = Field(default_factory=dict)
    notifications: FrozenMap[Name, NotificationChannel] = Field(default_factory=dict)
    simulation: SimulationDeclaration | None = None

    @model_validator(mode="after")
    def _check_references(self) -> "Laboratory":
        self._check_agents()
        self._check_places()
        self._check_holdings()
        for stock in self.consumables:
            if stock.used_by not in self.agents:
                raise ValueError(f"consumable {stock.name} is used by {stock.used_by}, which agents does not declare")
        unknown = sorted(set(self.prices.consumables) - set(self.holdings))
        if unknown:
            raise ValueError(f"prices names {', '.join(unknown)}; there are {', '.join(self.holdings) or 'none'}")
        return self

    def _check_agents(self) -> None:
        owners: dict[str, str] = {}
        for agent, declaration in self.agents.items():
            if declaration.machine not in self.machines:
                raise ValueError(f"agent {agent} is on machine {declaration.machine}, which machines does not list")
            for instrument in declaration.instruments:
                if instrument not in self.instruments:
                    raise ValueError(f"agent {agent} drives {instrument}, which instruments does not declare")
                if instrument in owners:
                    raise ValueError(f"{instrument} has two owners, {owners[instrument]} and {agent}; one must go")
                owners[instrument] = agent
        unowned = sorted(set(self.instruments) - set(owners))
        if unowned:
            raise ValueError(f"instruments without an agent: {', '.join(unowned)}")

    def _check_places(self) -> None:
        for place in self.all_places:
            if place.service not in self.agents or self.agents[place.service].role != "service":
                raise ValueError(f"place {place.name} belongs to {place.service}, which is no declared service")
        names = [place.name for place in self.all_places]
        if len(set(names)) != len(names):
            raise ValueError("two places have one name")
        for place in self.places:
            if place.instrument is not None and place.instrument not in self.instruments:
                raise ValueError(f"place {place.name} has {place.instrument}, which instruments does not declare")

    def _check_holdings(self) -> None:
        """Stocks and standards: each has its own name, each standard its own place."""
        for what, names in (
            ("stocks have one name", [stock.name for stock in self.stocks]),
            ("standards have one name", [standard.name for standard in self.standards]),
            ("standards stand in one place", [standard.place for standard in self.standards]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"two {what}: {max(names, key=names.count)}")
        places = {place.name for place in self.all_places}
        for standard in self.standards:
            if standard.place not in places:
                raise ValueError(f"standard {standard.name} stands in {standard.place}, which is no place")

    @property
    def holdings(self) -> tuple[str, ...]:
        """Names of everything that is used up: consumables, then stocks."""
        return (*(consumable.name for consumable in self.consumables), *(stock.name for stock in self.stocks))

    @property
    def all_places(self) -> tuple[Place, ...]:
        """Single places, then the racks' places in order."""
        rows = (
            Place(name=f"{rack.prefix}_{i}", kind=rack.kind, service=rack.service, is_buffer=rack.is_buffer)
            for rack in self.racks
            for i in range(1, rack.count + 1)
        )
        return (*self.places, *rows)

    def places_of(self, instrument: str) -> tuple[Place, ...]:
        """The places on whose things `instrument` acts, in the order of the file."""
        return tuple(place for place in self.places if place.instrument == instrument)

    def policy(self, kind: TaskKind) -> FailurePolicy:
        """What follows the failure of a kind of task of which the recipe says nothing."""
        return self.on_failure.get(kind, BY_KIND[kind])

    def owner(self, instrument: str) -> str:
        """The agent that drives `instrument`."""
        return next(a for a, d in self.agents.items() if instrument in d.instruments)

    def agents_of(self, role: Role) -> tuple[str, ...]:
        """Names of the agents with `role`, in the order of the file."""
        return tuple(a for a, d in self.agents.items() if d.role == role)
