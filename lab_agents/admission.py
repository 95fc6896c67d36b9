"""What the recorder lets into the log: who may publish what, what is said twice, and what comes too late."""

from collections.abc import Callable
from datetime import datetime

from lab_agents.errors import MessageError
from lab_agents.messages.entry import KINDS, Entry, Publisher
from lab_agents.records.laboratory import Laboratory

_WORKERS = ("synthesis", "characterization", "service")

Roles = Callable[[str], frozenset[Publisher]]
"""Which roles a source may publish for."""


def roles_of(laboratory: Laboratory) -> Roles:
    """The roles of each source of a laboratory; a call of the command line (`once-…`) and the console are persons."""

    def roles(source: str) -> frozenset[Publisher]:
        if source.startswith("once-"):
            return frozenset({"person"})
        declaration = laboratory.agents.get(source)
        if declaration is None:
            return frozenset()
        role = declaration.role
        if role in _WORKERS:
            return frozenset({"agent", "worker"})
        return frozenset({"agent", role})  # type: ignore[arg-type]

    return roles


def check_role(source: str, entry: Entry, roles: Roles) -> None:
    """Raise a `MessageError` where a source publishes what belongs to another role."""
    publisher = KINDS[entry.kind].publisher
    if publisher not in roles(source):
        raise MessageError(f"{source} may not publish {entry.kind}; that belongs to the role {publisher}")


def check_id(source: str, entry: Entry) -> None:
    """Raise a `MessageError` where an id is not one of the source's own: it would shut out the entry that is meant."""
    if not entry.id.startswith(f"{source}/"):
        raise MessageError(f"{source} may not give an entry the id {entry.id}; its own begin with {source}/")


def check_same(entry: Entry, known: tuple[int, Entry] | None) -> None:
    """Raise a `MessageError` where the id is known (with its position) and the record is another one."""
    if known is not None and not entry.same_as(known[1]):
        raise MessageError(f"{entry.id} stands at position {known[0]} with another record")


def check_time(entry: Entry, now: datetime) -> None:
    """Raise a `MessageError` where the entry was not to be acted on any more; `now` is laboratory time."""
    if entry.not_after is not None and entry.not_after < now:
        raise MessageError(f"{entry.id} was not to be acted on after {entry.not_after}; it is {now} in the laboratory")
