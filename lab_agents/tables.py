"""Reading a table of recorded measurements: any CSV with declared inputs and output."""

import csv
import hashlib
import importlib.util
import math
from dataclasses import dataclass
from pathlib import Path

from lab_agents.errors import TableError
from lab_agents.records.table import TableDeclaration


@dataclass(frozen=True)
class Material:
    """One unique point of a table: inputs in declared order, every recorded output."""

    inputs: tuple[float, ...]
    outputs: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean of the replicates: the truth on the bench."""
        return sum(self.outputs) / len(self.outputs)


@dataclass(frozen=True)
class Table:
    """A table as read: names of inputs, unique materials in order of first appearance, sha256 of the file."""

    inputs: tuple[str, ...]
    output: str
    materials: tuple[Material, ...]
    content: str

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest recorded output."""
        values = [y for m in self.materials for y in m.outputs]
        return min(values), max(values)


def locate_table(declaration: TableDeclaration, base: Path) -> Path:
    """The file that a declaration means.

    Raises:
        TableError: If its package is not installed, no path is given, or the file is not there.
    """
    if declaration.path is None:
        raise TableError(
            "The campaign names no table. Give one with --table PATH; crossed_barrel is in PV-Lab/Benchmarking (MIT), "
            "datasets/Crossed barrel_dataset.csv, on GitHub."
        )
    if declaration.package is not None:
        found = importlib.util.find_spec(declaration.package)
        if found is None or not found.submodule_search_locations:
            raise TableError(
                f"The table {declaration.path} comes with the package {declaration.package}, which is not installed. "
                "Run: pip install lab-agents[data]"
            )
        base = Path(next(iter(found.submodule_search_locations)))
    path = base / declaration.path
    if not path.is_file():
        raise TableError(f"There is no table at {path}. Check the path, or give another with --table PATH.")
    return path


def read_table(declaration: TableDeclaration, path: Path) -> Table:
    """Read and check a table.

    Raises:
        TableError: Naming file, line, column and value, if a column is missing, or a value is no finite number, lies
            outside its declared range, or (for a simplex) the inputs do not sum to one.
    """
    data = path.read_bytes()
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    columns = [c.strip() for c in rows[0]] if declaration.header and rows else list(declaration.columns)
    index = {}
    for name in (*declaration.inputs, declaration.output):
        if name not in columns:
            raise TableError(f"{path}: there is no column {name!r}; the columns are {', '.join(columns)}.")
        index[name] = columns.index(name)
    first = 2 if declaration.header else 1
    materials: dict[tuple[float, ...], list[float]] = {}
    for number, row in enumerate(rows[first - 1 :], start=first):
        if not any(cell.strip() for cell in row):
            continue
        values = tuple(_number(row, index[name], name, path, number) for name in declaration.inputs)
        _check_point(declaration, values, path, number)
        materials.setdefault(values, []).append(
            _number(row, index[declaration.output], declaration.output, path, number)
        )
    if len(materials) < 2:
        raise TableError(f"{path} holds {len(materials)} materials; a campaign needs at least 2.")
    return Table(
        tuple(declaration.inputs),
        declaration.output,
        tuple(Material(k, tuple(v)) for k, v in materials.items()),
        hashlib.sha256(data).hexdigest(),
    )


def _number(row: list[str], column: int, name: str, path: Path, line: int) -> float:
    text = row[column].strip() if column < len(row) else ""
    try:
        value = float(text)
    except ValueError:
        raise TableError(f"{path}, line {line}: {name} is {text!r}, which is no number.") from None
    if not math.isfinite(value):
        raise TableError(f"{path}, line {line}: {name} is {text}; only finite numbers can be replayed.")
    return value


def _check_point(declaration: TableDeclaration, values: tuple[float, ...], path: Path, line: int) -> None:
    for (name, span), value in zip(declaration.inputs.items(), values, strict=True):
        if not span.lower <= value <= span.upper:
            raise TableError(
                f"{path}, line {line}: {name} is {value:g}, "
                f"outside its declared range {span.lower:g} to {span.upper:g}."
            )
    if declaration.simplex and abs(sum(values) - 1) > declaration.sum_tolerance:
        raise TableError(f"{path}, line {line}: the fractions sum to {sum(values):.4f}, not to 1.")
