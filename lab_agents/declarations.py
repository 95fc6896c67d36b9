"""Declaration files: YAML whose every value knows its line, read into records with errors a person can act on."""

import difflib
import re
import types
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, to_json

from lab_agents.errors import DeclarationError
from lab_agents.records.base import Record

Path_ = tuple[str | int, ...]
R = TypeVar("R", bound=Record)

_LARGEST_FILE = 1_000_000
"""A declaration of a megabyte is not one that somebody wrote; reading it would only delay the refusal."""

QUICK_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times quicker where PyYAML was built with libyaml; each of a laboratory's processes reads its file."""

_EXPONENT = re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$")
"""YAML 1.1 reads 2e-3 as text; nobody who writes it means text."""


@dataclass(frozen=True)
class Declaration:
    """A YAML file as read: its data, and the line (from 1) of every key and item by its path."""

    source: str
    data: Mapping[str, object]
    lines: Mapping[Path_, int]

    def line(self, *path: str | int) -> int | None:
        """The line of the value at `path`, or of the nearest thing around it that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def error(self, what: str, *path: str | int, remedy: str = "") -> DeclarationError:
        """The error that says what is wrong with the value at `path`."""
        dotted = ".".join(str(p) for p in path)
        return DeclarationError(what, source=self.source, line=self.line(*path), field=dotted, remedy=remedy)

    def read(self, model: type[R]) -> R:
        """The file as a record.

        Raises:
            DeclarationError: For the first thing (in the order of the file) that the record does not accept.
        """
        try:
            return model.model_validate_json(to_json(self.data))
        except ValidationError as error:
            details = error.errors(include_url=False)
            # What is there but unknown comes before what is missing: it is most often the missing field, misspelt.
            first = min(details, key=lambda d: (d["type"] == "missing", self.line(*_clean(d["loc"])) or 0))
            raise self._explain(model, first, len(details) - 1) from None

    def _explain(self, model: type[BaseModel], detail: ErrorDetails, n_more: int) -> DeclarationError:
        path = _clean(detail["loc"])
        what, remedy = _describe(model, path, detail)
        if n_more:
            remedy = f"{remedy}. {n_more} more {'thing is' if n_more == 1 else 'things are'} wrong in this file"
        return self.error(what, *path, remedy=remedy.removeprefix(". "))


def read_declaration(path: Path) -> Declaration:
    """Read a YAML file with its lines.

    Raises:
        DeclarationError: If there is no such file, it is no YAML, says something twice, or is no mapping.
    """
    source = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error))
        raise DeclarationError(reason, source=source, remedy="Check the path") from None
    except UnicodeDecodeError as error:
        raise DeclarationError(f"byte {error.start} is not UTF-8", source=source, remedy="Save it as UTF-8") from None
    if len(text) > _LARGEST_FILE:
        raise DeclarationError(f"{len(text)} characters are too many for a declaration", source=source)
    try:
        node = _compose(text)
        lines: dict[Path_, int] = {}
        data = _build(node, (), lines, source, frozenset()) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise DeclarationError(f"not YAML: {error.problem}", source=source, line=line) from None
    except yaml.YAMLError as error:
        raise DeclarationError(f"not YAML: {error}", source=source) from None
    if not isinstance(data, dict):
        raise DeclarationError("a declaration is a mapping of fields", source=source, line=1)
    return Declaration(source, data, lines)


def _compose(text: str) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=QUICK_LOADER)
    except yaml.YAMLError:
        # What is no YAML is read again by the slow one, which names the place where somebody must look.
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    return node


def _build(node: yaml.Node, path: Path_, lines: dict[Path_, int], source: str, around: frozenset[int]) -> object:
    lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in around:
        raise DeclarationError("a value contains itself", source=source, line=node.start_mark.line + 1)
    around |= {id(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, i), lines, source, around) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        built: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in built:
                first = lines[*path, key]
                raise DeclarationError(
                    f"is said twice; the first time in line {first}", source=source, line=line, field=key
                )
            lines[*path, key] = line
            built[key] = _build(value_node, (*path, key), lines, source, around)
        return built
    return _scalar(node)


def _scalar(node: yaml.Node) -> Hashable:
    if isinstance(node, yaml.ScalarNode) and not node.style and _EXPONENT.match(node.value):
        return float(node.value)
    value = yaml.constructor.SafeConstructor().construct_object(node)
    return value if isinstance(value, str | int | float | bool | None) else str(node.value)


def _clean(loc: tuple[int | str, ...]) -> Path_:
    return tuple(part for part in loc if part != "[key]")


def _describe(model: type[BaseModel], path: Path_, detail: ErrorDetails) -> tuple[str, str]:
    kind, given = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        return f"there is no field {path[-1]!r}", _suggest(str(path[-1]), _fields_at(model, path[:-1]))
    if kind == "missing":
        return "is missing", f"Say what {path[-1]} is"
    context = detail.get("ctx") or {}
    if kind == "literal_error":
        expected = str(context["expected"])
        return f"is {given!r}", f"It must be {expected}"
    if kind == "finite_number":
        return f"is {given}", "Only finite numbers can be meant"
    if kind == "string_pattern_mismatch" and "[a-z]" in str(context.get("pattern")):
        return f"{given!r} is no name", "Names are lower case letters, digits and _, at most 48, starting with a letter"
    if kind == "value_error":
        return str(context.get("error", detail["msg"])), ""
    message = detail["msg"]
    shown = repr(given) if isinstance(given, str | int | float | bool | None) else f"a {type(given).__name__}"
    return f"is {shown}", message[:1].upper() + message[1:]


def _suggest(word: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    remedy = f"Did you mean {near[0]!r}? " if near else ""
    return f"{remedy}The fields here are {', '.join(known)}" if known else remedy.strip()


def _fields_at(model: object, path: Path_) -> tuple[str, ...]:
    """Names of the fields of the record that stands at `path` below `model`."""
    for part in path:
        model = _step(model, part)
    model = _record_in(model)
    return tuple(model.model_fields) if model is not None else ()


def _step(annotation: object, part: str | int) -> object:
    record = _record_in(annotation)
    if record is not None and part in record.model_fields:
        return record.model_fields[part].annotation
    inner = _unwrap(annotation)
    arguments = get_args(inner)
    return arguments[-1 if isinstance(part, str) else 0] if arguments else None


def _record_in(annotation: object) -> type[BaseModel] | None:
    inner = _unwrap(annotation)
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _unwrap(annotation: object) -> object:
    """The annotation without `Annotated`, `None` and type variables around it."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next((a for a in get_args(annotation) if a is not type(None)), None)
        else:
            return annotation
