"""What an earlier guard left behind: processes to bury before anybody takes their place, and those to find again."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from lab_agents.errors import StateFolderError
from lab_agents.processes import identity, kill_and_wait
from lab_agents.records.base import Name, Record
from lab_agents.state_folder import read_json, write_json


class RecordedChild(Record):
    """A row of `children.json`. `identity` names the process for ever; `started` is the wall time of its start."""

    role: str
    name: Name
    pid: int
    identity: str
    epoch: int
    started: str
    detached: bool = False


@dataclass(frozen=True)
class Remains:
    """Children of an earlier guard: `standing` could not be killed, `detached` go on as they should."""

    standing: tuple[RecordedChild, ...] = ()
    detached: tuple[RecordedChild, ...] = ()
    last_epoch: int = 0

    def is_standing(self, name: str) -> bool:
        """Whether the earlier process of this child still exists, so that no other may start."""
        return any(c.name == name and identity(c.pid) == c.identity for c in self.standing)


def record_children(path: Path, guard: RecordedChild, children: tuple[RecordedChild, ...]) -> None:
    """Write down who runs, for the next guard, for `status`, and for an auditor."""
    write_json(path, {"guard": guard.model_dump(), "children": [c.model_dump() for c in children]})


def recorded_children(path: Path) -> tuple[RecordedChild, ...]:
    """The guard and the children that were written down last, also those that are gone.

    Raises:
        StateFolderError: If the file is there and cannot be read.
    """
    if not path.exists():
        return ()
    value = read_json(path)
    try:
        return tuple(RecordedChild.model_validate(row) for row in (value["guard"], *value["children"]))
    except (ValueError, KeyError, TypeError) as error:
        raise StateFolderError(
            f"{path} holds no list of children: {error}. Remove it once no process is left."
        ) from error


async def bury(path: Path) -> Remains:
    """Kill what an earlier guard left, and wait until it is gone. Call it with the guard's lock held."""
    recorded = await asyncio.to_thread(recorded_children, path)
    mortal = [c for c in recorded if not c.detached and c.pid != os.getpid()]
    gone = await asyncio.gather(*(kill_and_wait(c.pid, c.identity) for c in mortal))
    return Remains(
        standing=tuple(c for c, is_gone in zip(mortal, gone, strict=True) if not is_gone),
        detached=tuple(c for c in recorded if c.detached and identity(c.pid) == c.identity),
        last_epoch=max((c.epoch for c in recorded), default=0),
    )
