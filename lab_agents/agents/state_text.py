"""An agent's state as JSON, of which only what changed is written anew."""

import zlib
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import TypeAdapter

from lab_agents.agents.behaviour import AgentState

PACKED: Final = 16 * 1024
"""Bytes above which the text of a field is kept packed: what a campaign has learned takes a sixth, and its unpacking a
few milliseconds for each megabyte, which its writing takes as well."""


class StateText:
    """Writes states of one agent, one after the other.

    A state holds the whole laboratory and every sample; an entry changes a field or two. A field that is still the same
    object, which nobody can have changed, keeps its text.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[object, bytes, bool]] = {}

    def of(self, state: AgentState) -> str:
        """The state as JSON, as `model_validate_json` reads it."""
        fields = (b'"%s":%s' % (name.encode(), self._text(state, name)) for name in type(state).model_fields)
        return (b"{%s}" % b",".join(fields)).decode()

    def _text(self, state: AgentState, name: str) -> bytes:
        value = getattr(state, name)
        kept = self._kept.get(name)
        if kept is not None and kept[0] is value:
            return zlib.decompress(kept[1]) if kept[2] else kept[1]
        text = _adapter(type(state), name).dump_json(value)
        is_long = len(text) > PACKED
        self._kept[name] = value, zlib.compress(text, 1) if is_long else text, is_long
        return text


@lru_cache
def _adapter(model: type[AgentState], name: str) -> TypeAdapter[Any]:
    field = model.model_fields[name]
    annotation: Any = field.annotation
    for detail in field.metadata:
        annotation = Annotated[annotation, detail]
    return TypeAdapter(annotation)
