"""Bluesky runs as they are kept: a JSON line `{"name": …, "doc": …}` per document; is a run whole and valid?"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from event_model import DocumentNames, schema_validators

from lab_agents.errors import StoreError


@dataclass(frozen=True)
class Document:
    """One document of a run, with its event-model name."""

    name: str
    doc: Mapping[str, Any]


def read_documents(data: bytes) -> tuple[Document, ...]:
    """The documents of a run's file or blob, in order.

    Raises:
        StoreError: If a line is no document of a name that event-model knows.
    """
    return tuple(_read(number, line) for number, line in enumerate(data.splitlines(), start=1))


def _read(number: int, line: bytes) -> Document:
    try:
        kept = json.loads(line)
        DocumentNames[kept["name"]]
        return Document(kept["name"], dict(kept["doc"]))
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(f"line {number} is no Bluesky document ({error!r})") from error


def faults_of(data: bytes, run: str | None = None, token: str | None = None) -> Iterator[str]:
    """Yield what is wrong with a run's documents: nothing, where they are valid and one whole run.

    Args:
        data: JSON lines.
        run: The uid that the start document must have, if it is known.
        token: The token that the start document must name, if it names one.
    """
    try:
        documents = read_documents(data)
    except StoreError as error:
        yield str(error)
        return
    names = [one.name for one in documents]
    if names.count("start") != 1 or names.count("stop") != 1 or names[0] != "start" or names[-1] != "stop":
        yield f"not one whole run from start to stop, but {', '.join(names) or 'nothing'}"
        return
    start, stop = documents[0].doc, documents[-1].doc
    if run is not None and start.get("uid") != run:
        yield f"the start document is of run {start.get('uid')}, not of {run}"
    if token is not None and start.get("token", token) != token:
        yield f"the start document names token {start.get('token')}, not {token}"
    if stop.get("run_start") != start.get("uid"):
        yield f"the stop document ends run {stop.get('run_start')}"
    for one in documents:
        for fault in schema_validators[DocumentNames[one.name]].iter_errors(one.doc):
            yield f"{one.name} document: {fault.message}"
