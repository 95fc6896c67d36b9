"""A Hypothesis strategy for every record, made from its fields: `records(Bid)`, `entries()`."""

import functools
import re
import types
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import AwareDatetime, ValidationError
from pydantic.fields import FieldInfo

from lab_agents.messages.entry import KINDS, Body, Entry
from lab_agents.records.base import Record
from lab_agents.records.laboratory import AgentDeclaration

R = TypeVar("R", bound=Record)

_CONSTRAINTS = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")

WORDS = (
    *("a", "line_a", "x" * 48, "rack_12"),
    *("make-opv-0001", "opv-0001/2", "supervision/timer/w:1@x", "once-0f", "Z" * 200),
    *("0" * 64, "9f" * 32, "0" * 16, "9f" * 8),
)
"""What fields with a pattern hold, wherever it fits: drawing from a regular expression is slow."""

times = st.datetimes(timezones=st.just(UTC))


def records(model: type[R], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[R]:
    """Valid instances of `model`; `fixed` are strategies for some of its fields."""
    fields = {name: field_values(model, name) for name in model.model_fields if name not in fixed} | fixed
    return st.fixed_dictionaries(fields).map(functools.partial(_validated, model))


@functools.cache
def _records(model: type[R]) -> st.SearchStrategy[R]:
    return records(model)


def field_values(model: type[Record], name: str) -> st.SearchStrategy[Any]:
    """Values of one field; those with a default sometimes have it."""
    field = model.model_fields[name]
    values = _values(field.annotation, list(field.metadata))
    if field.is_required():
        return values
    return st.one_of(st.builds(functools.partial(field.get_default, call_default_factory=True)), values)


def entries(*models: type[Body]) -> st.SearchStrategy[Entry]:
    """Entries of any kind, or of those given."""
    kinds = [KINDS[model.__name__] for model in models] or list(KINDS.values())
    return st.one_of(
        records(
            Entry,
            kind=st.just(known.name),
            schema_version=st.just(known.version),
            record=_records(known.models[known.version]),
        )
        for known in kinds
    )


def _validated(model: type[R], values: dict[str, Any]) -> R:
    try:
        return model.model_validate(REPAIRS.get(model.__name__, dict)(values))
    except ValidationError:
        return reject()


def _values(annotation: Any, metadata: list[Any]) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is AwareDatetime:
        return times
    if origin is Annotated:
        return _values(arguments[0], [*metadata, *arguments[1:]])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([_values(one, []) for one in arguments])
    if origin is tuple:
        limits = constraints(metadata)
        return st.lists(_values(arguments[0], []), min_size=limits.get("min_length", 0), max_size=3).map(tuple)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(_values(arguments[0], []), _values(arguments[1], []), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return _records(annotation)
    return _scalars(annotation, constraints(metadata))


def _scalars(kind: Any, limits: dict[str, Any]) -> st.SearchStrategy[Any]:
    lower, upper = limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))
    if kind is type(None):
        return st.none()
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(0 if lower is None else lower, 2**53 if upper is None else upper - ("lt" in limits))
    if kind is float:
        return st.floats(lower, upper, exclude_min="gt" in limits, allow_nan=False, allow_infinity=False)
    if kind is str and "pattern" in limits:
        matching = [word for word in WORDS if re.fullmatch(str(limits["pattern"]), word)]
        return st.sampled_from(matching) if matching else st.from_regex(str(limits["pattern"]), fullmatch=True)
    if kind is str:
        fewest = limits.get("min_length", 0)
        return st.text(min_size=fewest, max_size=min(limits.get("max_length", fewest + 12), fewest + 12))
    raise TypeError(f"there is no strategy for {kind}; add one to tests/strategies.py")


def constraints(metadata: list[Any]) -> dict[str, Any]:
    """Bounds, lengths and pattern that the metadata of a field ask for."""
    found: dict[str, Any] = {}
    for item in metadata:
        nested = list(item.metadata) if isinstance(item, FieldInfo) else [item]
        for part in nested:
            found |= {key: getattr(part, key) for key in _CONSTRAINTS if getattr(part, key, None) is not None}
    return found


def _repaired_laboratory(values: dict[str, Any]) -> dict[str, Any]:
    """Whatever was drawn, with references that hold: one agent drives everything and owns every place and stock."""
    owner = AgentDeclaration(role="service", instruments=tuple(values["instruments"]))
    return values | {
        "agents": {"robot": owner},
        "machines": ("main",),
        "places": tuple(place.model_copy(update={"service": "robot"}) for place in values["places"]),
        "racks": tuple(rack.model_copy(update={"service": "robot", "count": 3}) for rack in values["racks"]),
        "consumables": tuple(stock.model_copy(update={"used_by": "robot"}) for stock in values["consumables"]),
        "prices": values["prices"].model_copy(update={"consumables": {s.name: 0.5 for s in values["consumables"]}}),
    }


def _in_order(values: dict[str, Any]) -> dict[str, Any]:
    lower, upper = sorted((values["lower"], values["upper"]))
    return values | {"lower": lower, "upper": upper}


def _constrained(values: dict[str, Any]) -> dict[str, Any]:
    lower, upper = values["lower"], values["upper"]
    if lower is None or upper is None or lower == upper:
        return values | {"lower": 0.0, "upper": None}
    return _in_order(values)


def _distinct(values: dict[str, Any]) -> dict[str, Any]:
    """Constraints on properties of their own."""
    named = {c.property: c for c in values["constraints"] if c.property != values["property"]}
    return values | {"constraints": tuple(named.values())}


def _bounded(values: dict[str, Any]) -> dict[str, Any]:
    """A level that the bounds belong to."""
    if values["within"] or values["first"] or values["measurements"]:
        return values | {"level": "bounded"}
    return values | {"level": "manual" if values["by"] else "autonomous"}


REPAIRS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "Autonomy": _bounded,
    "CampaignPlan": lambda values: values | {"batch": min(values["batch"], values["budget"].samples)},
    "Constraint": _constrained,
    "DesignSpace": lambda values: values | {"simplices": ()},
    "Drills": lambda values: values | {"every": f"{len(values['every']) + 1} d"},
    "GainTooSmall": lambda values: values | ({"worth": None} if values["below"] else {"worth": values["worth"] or 1.0}),
    "Laboratory": _repaired_laboratory,
    "Limit": _in_order,
    "Need": lambda values: values | ({"kind": None} if values["place"] else {"kind": "stage"}),
    "Parameter": _in_order,
    "Step": lambda values: values | ({"transfer": None} if values["acts"] else {}),
    "Target": _distinct,
    "Trusted": _constrained,
    "TableDeclaration": lambda values: values | {"header": True, "columns": ()},
}
"""Makes fields that were drawn independently agree; what still does not is rejected."""
