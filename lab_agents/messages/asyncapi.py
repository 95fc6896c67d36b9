"""The AsyncAPI 3 document, made from the table of topics and the registered kinds."""

from collections.abc import Iterator
from typing import Any

from pydantic.json_schema import models_json_schema

from lab_agents import __version__
from lab_agents.messages import frames
from lab_agents.messages.entry import KINDS, MAX_ENTRY_BYTES, Envelope
from lab_agents.messages.topics import TABLE, TopicRule
from lab_agents.records.base import Record

Json = dict[str, Any]

_FRAMED = {
    "Frame": (frames.Header, "The header on one line, a newline, then the bytes of an entry."),
    "Logged": (frames.Seal, "The seal on one line, a newline, then the bytes of an entry as they were submitted."),
    "Answer": (frames.Answer, "The answer on one line and a newline; a page goes on with `count` logged entries."),
}
"""Payloads that are a first line and something after it: the model of the line, and what follows."""


def asyncapi_document() -> Json:
    """The whole document, ready for `json.dumps`; the same input gives the same bytes."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lab Agents",
            "version": __version__,
            "description": "One totally ordered log per laboratory, carried by MQTT 3.1.1 or 5. Everything that "
            f"matters is an entry of at most {MAX_ENTRY_BYTES} bytes; the broker only carries it.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {rule.name: _channel(rule) for rule in TABLE},
        "operations": dict(operation for rule in TABLE for operation in _operations(rule)),
        "components": {"messages": dict(_messages()), "schemas": _schemas()},
    }


def _channel(rule: TopicRule) -> Json:
    channel: Json = {
        "address": f"lab/{{lab}}/{rule.template}",
        "description": rule.about,
        "messages": {rule.payload: {"$ref": f"#/components/messages/{rule.payload}"}},
        "parameters": {"lab": {"description": "The laboratory's name."}},
        "bindings": {"mqtt": {"bindingVersion": "0.2.0"}},
    }
    if rule.place is not None:
        channel["parameters"][rule.place] = {"description": f"The name of the {rule.place}."}
    return channel


def _operations(rule: TopicRule) -> Iterator[tuple[str, Json]]:
    quality = {"mqtt": {"qos": rule.qos, "retain": rule.retained, "bindingVersion": "0.2.0"}}
    for action, parties in (("send", rule.writers), ("receive", rule.readers)):
        yield (
            f"{action}_{rule.name}",
            {
                "action": action,
                "channel": {"$ref": f"#/channels/{rule.name}"},
                "description": f"By: {', '.join(parties)}.",
                "bindings": quality,
            },
        )


def _messages() -> Iterator[tuple[str, Json]]:
    for rule in TABLE:
        if rule.payload in _FRAMED:
            line, what = _FRAMED[rule.payload]
            yield (
                rule.payload,
                {
                    "contentType": "application/octet-stream",
                    "description": what,
                    "headers": _reference(line.__name__),
                },
            )
        else:
            yield rule.payload, {"payload": _reference(rule.payload)}
    for kind in sorted(KINDS.values(), key=lambda known: known.name):
        yield (
            kind.name,
            {
                "description": f"An entry of version {kind.version}, published by: {kind.publisher}.",
                "payload": {
                    "allOf": [
                        _reference(Envelope.__name__),
                        {
                            "properties": {
                                "kind": {"const": kind.name},
                                "schema_version": {"const": kind.version},
                                "record": _reference(kind.name),
                            }
                        },
                    ]
                },
            },
        )


def _schemas() -> Json:
    models: list[type[Record]] = [Envelope, frames.Header, frames.Seal, frames.Answer]
    models += [getattr(frames, rule.payload) for rule in TABLE if rule.payload not in _FRAMED]
    models += [known.models[known.version] for known in KINDS.values()]
    _, document = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas: Json = document["$defs"]
    # The envelope is closed for itself; with its record it is an entry.
    schemas[Envelope.__name__].pop("additionalProperties", None)
    return dict(sorted(schemas.items()))


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
