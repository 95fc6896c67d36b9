"""Chaos plans: which campaign, which faults how often, from which seed; read and checked before anything starts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from instruments.lab import read_laboratory
from lab_agents.benchmarks.blows import COMMAND, GUARD, kinds_of
from lab_agents.campaign_file import CampaignFile, read_campaign
from lab_agents.chaos.faults import FAULTS, Kind
from lab_agents.declarations import Declaration, read_declaration
from lab_agents.errors import DeclarationError
from lab_agents.records.base import Name, Record
from lab_agents.records.laboratory import Laboratory
from lab_agents.shipped import find_example


class FaultDeclaration(Record):
    """One fault of a plan.

    Attributes:
        fault: Its name, see `FAULTS`.
        of: Whom it strikes: names of processes, agents' roles, instruments; without, all whom it may.
        times: How often, for what is given a number of times.
        rate: With what chance, for what happens to messages and instruments.
        seconds: How long it lasts, wall time.
    """

    fault: Name
    of: tuple[Name, ...] = ()
    times: int | None = Field(default=None, ge=1, le=10_000)
    rate: float | None = Field(default=None, ge=0.0, le=1.0)
    seconds: float | None = Field(default=None, gt=0.0, le=3600.0)


class ChaosDeclaration(Record):
    """The fields of a plan.

    `campaign` is a campaign file (relative to the plan), or the name of one that comes with the package; `lab` takes
    another laboratory, `samples` another budget than the campaign's. `together` faults at most are given at the same
    instant. The campaign must end `within` so many wall seconds from the last of them.
    """

    name: Name
    campaign: str = Field(min_length=1)
    lab: str | None = None
    samples: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    together: int = Field(default=1, ge=1, le=16)
    within: float = Field(default=1800.0, gt=0.0)
    faults: tuple[FaultDeclaration, ...]


@dataclass(frozen=True)
class PlannedFault:
    """One fault with everything said: `names` are those that it strikes, in the order of the laboratory."""

    fault: str
    kind: Kind
    names: tuple[str, ...]
    times: int
    rate: float
    seconds: float


@dataclass(frozen=True)
class ChaosPlan:
    """A plan as read, with its campaign and its laboratory; `samples` is a budget instead of the campaign's."""

    name: str
    seed: int
    together: int
    campaign_path: Path
    campaign: CampaignFile
    laboratory: Laboratory
    faults: tuple[PlannedFault, ...]
    samples: int | None = None
    within: float = 1800.0

    def of_manner(self, manner: str) -> Iterator[PlannedFault]:
        """Its faults that are given in one manner."""
        return (fault for fault in self.faults if fault.kind.manner == manner)


def read_plan(path: Path, *, seed: int | None = None) -> ChaosPlan:
    """Read and check a plan with its campaign and laboratory.

    Raises:
        DeclarationError: Naming file, line, value and remedy, for anything that cannot be meant.
    """
    document = read_declaration(path)
    declared = document.read(ChaosDeclaration)
    if not declared.faults:
        raise document.error("is empty", "faults", remedy=f"Give some of {', '.join(FAULTS)}")
    campaign_path = _find_campaign(document, declared.campaign, path.parent)
    lab = declared.lab
    if lab is not None and (lab.endswith((".yaml", ".yml")) or "/" in lab):
        lab = str((path.parent / lab).resolve())
    try:
        campaign = read_campaign(campaign_path, lab=lab)
    except DeclarationError as error:
        if lab is not None and error.source in (lab, declared.lab):
            raise document.error(error.what, "lab", remedy=error.remedy) from None
        raise
    laboratory = read_laboratory(campaign.lab_path)
    faults = tuple(_planned(document, laboratory, i, fault) for i, fault in enumerate(declared.faults))
    return ChaosPlan(
        declared.name,
        declared.seed if seed is None else seed,
        declared.together,
        campaign_path,
        campaign,
        laboratory,
        faults,
        declared.samples,
        declared.within,
    )


def _find_campaign(document: Declaration, name: str, base: Path) -> Path:
    if (base / name).is_file():
        return (base / name).resolve()
    try:
        return find_example(name)
    except DeclarationError as error:
        raise document.error(f"there is no campaign file {name}", "campaign", remedy=error.remedy) from None


def _planned(document: Declaration, laboratory: Laboratory, i: int, declared: FaultDeclaration) -> PlannedFault:
    kind = FAULTS.get(declared.fault)
    if kind is None:
        remedy = f"Faults are {', '.join(FAULTS)}"
        raise document.error(f"there is no fault {declared.fault!r}", "faults", i, "fault", remedy=remedy)
    _check_fields(document, i, declared, kind)
    return PlannedFault(
        declared.fault,
        kind,
        _names(document, laboratory, i, declared, kind),
        declared.times or 1,
        declared.rate or 0.0,
        declared.seconds or kind.seconds or 0.0,
    )


def _check_fields(document: Declaration, i: int, declared: FaultDeclaration, kind: Kind) -> None:
    """A field without meaning for this fault was meant for another one."""
    wanted, foreign = ("times", "rate") if kind.manner == "blow" else ("rate", "times")
    if getattr(declared, foreign) is not None:
        what = f"{declared.fault} is given {'a number of times' if wanted == 'times' else 'with a chance'}"
        raise document.error(what, "faults", i, foreign, remedy=f"Write {wanted} instead")
    if wanted == "rate" and declared.rate is None:
        raise document.error("is missing", "faults", i, "rate", remedy="Give a share from 0 to 1")
    if declared.seconds is not None and kind.seconds is None:
        raise document.error(f"{declared.fault} does not last", "faults", i, "seconds", remedy="Leave it out")
    if declared.of and kind.targets == "nothing":
        raise document.error(f"{declared.fault} strikes nobody by name", "faults", i, "of", remedy="Leave it out")


def _names(
    document: Declaration, laboratory: Laboratory, i: int, declared: FaultDeclaration, kind: Kind
) -> tuple[str, ...]:
    known = targets_of(laboratory, kind)
    names: list[str] = []
    for n, asked in enumerate(declared.of or kind.by_default or known):
        if asked not in known:
            remedy = f"Those that {declared.fault} may strike are {', '.join(known)}"
            raise document.error(f"there is no {kind.targets} {asked!r}", "faults", i, "of", n, remedy=remedy)
        names += [name for name in known[asked] if name not in names]
    return tuple(names)


def targets_of(laboratory: Laboratory, kind: Kind) -> Mapping[str, tuple[str, ...]]:
    """What `of` may say for a fault of this kind → whom it means: a role means all its agents."""
    agents = {name: (name,) for name in laboratory.agents}
    roles: dict[str, tuple[str, ...]] = {
        role: laboratory.agents_of(role) for role in dict.fromkeys(a.role for a in laboratory.agents.values())
    }
    if kind.targets == "instrument":
        return {name: (name,) for name in laboratory.instruments}
    if kind.targets in ("agent", "station"):
        driving = {n for n, a in laboratory.agents.items() if a.instruments or kind.targets == "agent"}
        both = {**roles, **agents, "agents": tuple(agents)}
        return {n: kept for n, all_ in both.items() if (kept := tuple(a for a in all_ if a in driving))}
    if kind.targets == "process":
        shared = {name: names for name, names in kinds_of(laboratory).items() if name not in roles}
        return {**shared, **roles, **agents, "agents": tuple(agents), GUARD: (GUARD,), COMMAND: (COMMAND,)}
    return {}
