"""Campaign files: what a scientist states, checked against its table and its laboratory before anything moves."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field
from pydantic_core import to_json

from instruments.lab import find_laboratory
from lab_agents.declarations import Declaration, read_declaration
from lab_agents.errors import DeclarationError, TableError
from lab_agents.records.autonomy import Autonomy
from lab_agents.records.base import Name, Record
from lab_agents.records.campaign import AwardOrder, Budget, CampaignPlan, PlannerChoice
from lab_agents.records.control import Controls
from lab_agents.records.space import DesignSpace, Parameter
from lab_agents.records.stopping import StoppingRules
from lab_agents.records.table import TableDeclaration
from lab_agents.records.target import Target
from lab_agents.tables import Table, locate_table, read_table


class CampaignDeclaration(Record):
    """The fields of a campaign file.

    `lab` is the name of a laboratory that comes with the package, or the path of a lab file (relative to this file).
    Candidates come from a `table` of recorded measurements or from a `space`; one of both must be there.
    """

    name: Name
    lab: str = Field(min_length=1)
    target: Target
    table: TableDeclaration | None = None
    space: DesignSpace | None = None
    measurements: tuple[Name, ...] = Field(min_length=1, max_length=16)
    budget: Budget
    batch: int = Field(default=1, ge=1, le=64)
    planner: PlannerChoice = PlannerChoice()
    autonomy: Autonomy = Autonomy()
    lines: tuple[Name, ...] = ()
    awards: AwardOrder = "joint"
    controls: Controls | None = None
    stop: StoppingRules = StoppingRules()
    seed: int = Field(default=0, ge=0, lt=2**31)


@dataclass(frozen=True)
class CampaignFile:
    """A campaign as read: its plan, where its laboratory is declared, the table behind it if there is one.

    `pool` holds the candidates that exist, in the order of the space's parameters (None: the space is continuous);
    `pool_bytes` is the blob that `plan.space.pool` names. `declaration` answers for lines in later checks.
    """

    plan: CampaignPlan
    lab: str
    lab_path: Path
    declaration: Declaration
    table: TableDeclaration | None = None
    table_path: Path | None = None
    data: Table | None = None

    @property
    def source(self) -> str:
        """The campaign file."""
        return self.declaration.source

    @property
    def pool(self) -> tuple[tuple[float, ...], ...] | None:
        """One row for each unique material of the table."""
        return tuple(m.inputs for m in self.data.materials) if self.data is not None else None

    @property
    def pool_bytes(self) -> bytes | None:
        """The pool as JSON, a list of lists of numbers."""
        return to_json(self.pool) if self.pool is not None else None

    @property
    def best_recorded(self) -> float | None:
        """The best mean of replicates in the table, in the target's unit."""
        if self.data is None:
            return None
        sign = self.plan.target.sign
        return sign * max(sign * material.mean for material in self.data.materials)


def read_campaign(
    path: Path, table: Path | None = None, *, lab: str | None = None, seed: int | None = None
) -> CampaignFile:
    """Read and check a campaign file.

    Args:
        path: The file (YAML).
        table: A table to take instead of the one that the file names.
        lab: A laboratory (name or path of a lab file) to take instead of the file's.
        seed: A seed to take instead of the file's.

    Raises:
        DeclarationError: Naming file, line, value and remedy, for anything that cannot be meant.
    """
    document = read_declaration(path)
    declared = document.read(CampaignDeclaration)
    if seed is not None:
        declared = CampaignDeclaration.model_validate({**dict(declared), "seed": seed})
    declared = _with_beginning(declared)
    _check_numbers(document, declared)
    space = _space(document, declared)
    data, table_path = _read_table(document, declared, path.parent, table)
    pool = None if data is None else hashlib.sha256(to_json(tuple(m.inputs for m in data.materials))).hexdigest()
    plan = CampaignPlan(
        **{f: getattr(declared, f) for f in _COPIED},
        space=space.model_copy(update={"pool": pool}),
        content=_fingerprint(declared, lab or declared.lab, data),
    )
    lab_path = find_laboratory(lab, Path()) if lab else _declared_lab(document, declared.lab, path.parent)
    return CampaignFile(plan, lab_path.stem, lab_path, document, declared.table, table_path, data)


_COPIED = (
    *("name", "target", "budget", "batch", "planner", "autonomy", "measurements", "lines", "awards", "controls"),
    *("stop", "seed"),
)


def _declared_lab(document: Declaration, lab: str, base: Path) -> Path:
    try:
        return find_laboratory(lab, base)
    except DeclarationError as error:
        raise document.error(error.what, "lab", remedy=error.remedy) from None


def _with_beginning(declared: CampaignDeclaration) -> CampaignDeclaration:
    """The declaration with its number of initial points, also where the file does not say one."""
    planner = declared.planner
    if "initial" in planner.model_fields_set:
        return declared
    beginning = {"initial": min(planner.initial, _usual_initial(declared.budget.samples))}
    return declared.model_copy(update={"planner": planner.model_copy(update=beginning)})


def _usual_initial(samples: int) -> int:
    """At most half of a budget: one that is spent on space-filling points leaves the planner nothing to choose."""
    return max(1, samples // 2)


def _check_numbers(document: Declaration, declared: CampaignDeclaration) -> None:
    samples, initial = declared.budget.samples, declared.planner.initial
    if declared.batch > samples:
        raise document.error(
            f"is {declared.batch}, larger than the budget of {samples} samples",
            "batch",
            remedy="Lower it, or raise budget.samples",
        )
    if initial > samples:
        raise document.error(
            f"is {initial}, more than the budget of {samples} samples",
            "planner",
            "initial",
            remedy=f"Write initial: {_usual_initial(samples)}, or leave it out, or raise budget.samples",
        )
    if (declared.table is None) == (declared.space is None):
        where = ("space",) if declared.space is not None else ()
        raise document.error("a campaign has either a table or a space", *where, remedy="Keep one of the two")


def _read_table(
    document: Declaration, declared: CampaignDeclaration, base: Path, override: Path | None
) -> tuple[Table | None, Path | None]:
    if declared.table is None:
        if override is not None:
            raise document.error("--table was given, but this campaign takes its candidates from a space", "space")
        return None, None
    declaration = declared.table
    if override is not None:
        declaration = declaration.model_copy(update={"package": None, "path": str(override.absolute())})
    try:
        path = locate_table(declaration, base)
        data = read_table(declaration, path)
    except TableError as error:
        raise document.error(str(error).rstrip("."), "table", *_blamed(declaration, str(error))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise document.error(f"the table cannot be read: {error}", "table") from None
    _check_target(document, declared, data)
    return data, path.resolve()


def _blamed(declaration: TableDeclaration, what: str) -> tuple[str, ...]:
    """The field of a table's declaration that an error about the table is about."""
    if f"column {declaration.output!r}" in what:
        return ("output",)
    for name in declaration.inputs:
        if f"column {name!r}" in what or f": {name} is " in what:
            return ("inputs", name)
    if "package" in what:
        return ("package",)
    return ("path",)


def _check_target(document: Declaration, declared: CampaignDeclaration, data: Table) -> None:
    wanted = declared.target.property
    if wanted != data.output:
        raise document.error(
            f"is {wanted!r}, but what this laboratory replays is {data.output!r}",
            "target", "property", remedy=f"Write {data.output}, or declare another table.output",
        )  # fmt: skip
    unit = declared.table.unit if declared.table is not None else None
    if unit is not None and unit != declared.target.unit:
        raise document.error(
            f"is {declared.target.unit!r}, but the table records {wanted} in {unit!r}",
            "target", "unit", remedy=f"Write {unit}",
        )  # fmt: skip


def _space(document: Declaration, declared: CampaignDeclaration) -> DesignSpace:
    if declared.table is None:
        if declared.space is None or declared.space.pool is not None:
            raise document.error("a pool comes from a table only", "space", "pool", remedy="Remove it")
        return declared.space
    parameters = []
    for name, span in declared.table.inputs.items():
        if declared.table.simplex and span.unit != "1":
            raise document.error(
                f"is {span.unit!r}, but the inputs of a simplex are fractions",
                "table", "inputs", name, "unit", remedy='Write "1", or leave it out',
            )  # fmt: skip
        try:
            parameters.append(Parameter(name=name, lower=span.lower, upper=span.upper, unit=span.unit))
        except ValueError:
            raise document.error(
                f"its lower bound {span.lower:g} is not below its upper bound {span.upper:g}", "table", "inputs", name
            ) from None
    return _checked_space(document, declared.table, tuple(parameters))


def _checked_space(document: Declaration, table: TableDeclaration, parameters: tuple[Parameter, ...]) -> DesignSpace:
    try:
        return DesignSpace(parameters=parameters, simplices=(tuple(table.inputs),) if table.simplex else ())
    except ValueError as error:
        what = str(error.errors()[0]["ctx"]["error"]) if hasattr(error, "errors") else str(error)
        raise document.error(what, "table", "inputs", remedy="Mend the ranges, or set simplex: false") from None


def _fingerprint(declared: CampaignDeclaration, lab: str, data: Table | None) -> str:
    """The sha256 of all that decides the campaign's course; comments and the order of fields do not."""
    stated = declared.model_dump(mode="json")
    stated["lab"] = lab
    if data is not None:
        stated["table"]["path"], stated["table"]["content"] = None, data.content
    return hashlib.sha256(to_json(stated)).hexdigest()
