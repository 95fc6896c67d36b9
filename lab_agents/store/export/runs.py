"""Bluesky runs as they are kept, one JSON line `[name, document]` each; and whether a run is whole and valid."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from event_model import DocumentNames, schema_validators

from lab_agents.errors import StoreError

Document = tuple[str, Mapping[str, Any]]


def read_documents(data: bytes) -> Iterator[Document]:
    """The documents of a blob, in order.

    Raises:
        StoreError: If a line is no `[name, document]` of a name that event-model knows.
    """
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            name, document = json.loads(line)
            DocumentNames[name]
        except (ValueError, TypeError, KeyError) as error:
            raise StoreError(f"line {number} is no document: {error!r}") from error
        yield name, document


def faults_of(data: bytes, run: str | None = None) -> Iterator[str]:
    """Yield what is wrong with a run's documents: nothing, where they are valid and one whole run.

    Args:
        data: JSON lines.
        run: The uid that the start document must have, if it is known.
    """
    try:
        documents = list(read_documents(data))
    except StoreError as error:
        yield str(error)
        return
    names = [name for name, _ in documents]
    if names.count("start") != 1 or names.count("stop") != 1 or names[0] != "start" or names[-1] != "stop":
        yield f"not one whole run from start to stop: {', '.join(names) or 'nothing'}"
        return
    if run is not None and documents[0][1].get("uid") != run:
        yield f"the start document is of run {documents[0][1].get('uid')}, not of {run}"
    if documents[-1][1].get("run_start") != documents[0][1].get("uid"):
        yield f"the stop document ends run {documents[-1][1].get('run_start')}"
    for name, document in documents:
        for fault in schema_validators[DocumentNames[name]].iter_errors(document):
            yield f"{name}: {fault.message}"
