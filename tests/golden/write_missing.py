"""Writes the golden file of each kind and version that has none; never touches one that is there.

python -m tests.golden.write_missing
"""

import re
import types
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime

import lab_agents.messages  # noqa: F401  (registers every kind)
from lab_agents.messages.entry import KINDS, Entry, Kind
from lab_agents.records.base import Record
from tests.strategies import REPAIRS, WORDS, constraints

FOLDER = Path(__file__).parent
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def path_of(known: Kind, version: int) -> Path:
    """Where the golden file of a kind and version stands."""
    return FOLDER / f"{known.name}-{version}.json"


def write_missing() -> None:
    """Write one entry, with every field filled, of each kind that has no file for its present version."""
    for known in KINDS.values():
        path = path_of(known, known.version)
        if not path.exists():
            model = known.models[known.version]
            entry = Entry(
                id="line_a/12/1", kind=known.name, schema_version=known.version, at=NOON, campaign="opv-1",
                subject="make-opv-0001", cause=12, not_after=NOON, record=example(model),
            )  # fmt: skip
            path.write_bytes(entry.to_bytes() + b"\n")


def example(model: type[Record]) -> Record:
    """One readable instance: texts say the name of their field."""
    values = {name: _value(name, field.annotation, list(field.metadata)) for name, field in model.model_fields.items()}
    return model.model_validate(REPAIRS.get(model.__name__, dict)(values))


def _value(name: str, annotation: Any, metadata: list[Any]) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is AwareDatetime:
        return NOON
    if origin is Annotated:
        return _value(name, arguments[0], [*metadata, *arguments[1:]])
    if origin is Literal:
        return arguments[0]
    if origin in (Union, types.UnionType):
        return _value(name, arguments[0], [])
    if origin is tuple:
        return (_value(name.removesuffix("s"), arguments[0], []),) * constraints(metadata).get("min_length", 1)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key = _value(name.removesuffix("s"), arguments[0], [])
        return {key: _value(name, arguments[1], [])}
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return example(annotation)
    return _scalar(name, annotation, constraints(metadata))


def _scalar(name: str, kind: Any, limits: dict[str, Any]) -> Any:
    if kind is bool:
        return True
    if kind in (int, float):
        lower = limits.get("ge", 0) + (0.5 if kind is float else 1)
        upper = limits.get("le", limits.get("lt"))
        # Lower bounds of ranges stay below upper ones.
        wanted = kind(lower + (4 if name == "upper" else 0))
        return wanted if upper is None or wanted <= upper else kind(upper)
    text = name + "." * max(0, limits.get("min_length", 0) - len(name))
    pattern = limits.get("pattern")
    if pattern is None or re.fullmatch(str(pattern), text):
        return text
    return next(word for word in WORDS if re.fullmatch(str(pattern), word))


if __name__ == "__main__":
    write_missing()
