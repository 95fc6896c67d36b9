"""Whether two entries are the same decision, and where they part."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from lab_agents.messages.entry import Entry

_SHOWN = 120
"""Characters of a value that are shown: a recipe is longer than anyone reads in a table."""


def describe_difference(recorded: Entry, again: Entry) -> str:
    """The first places where two entries part, empty where they are the same decision bit for bit.

    Everything is compared but `at`; numbers as their JSON text, so that a last bit counts.
    """
    mine, theirs = (entry.model_copy(update={"at": recorded.at}) for entry in (recorded, again))
    if mine.model_dump_json() == theirs.model_dump_json():
        return ""
    places = list(_parts(mine.model_dump(mode="json"), theirs.model_dump(mode="json"), ""))
    more = f"; and {len(places) - 3} more" if len(places) > 3 else ""
    return "; ".join(places[:3]) + more


def _parts(recorded: Any, again: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - JSON is anything
    if isinstance(recorded, dict) and isinstance(again, dict):
        for key in dict.fromkeys((*recorded, *again)):
            yield from _parts(recorded.get(key), again.get(key), f"{path}.{key}" if path else key)
    elif isinstance(recorded, list) and isinstance(again, list):
        for number, (one, other) in enumerate(zip_longest(recorded, again)):
            yield from _parts(one, other, f"{path}[{number}]")
    elif recorded != again:
        yield f"{path} was {_short(recorded)}, is {_short(again)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
