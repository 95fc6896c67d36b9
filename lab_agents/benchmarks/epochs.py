"""Who moved when, and under which epoch, from the ledger of a simulated laboratory against the births in its log."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lab_agents.messages.life import AgentStarted, LabChanged, LabOpened
from lab_agents.store.reader import StoreReader

SETTLING = timedelta(seconds=1)
"""Wall time by which a ledger's line may follow a birth: a start that was on the wire when its agent died stands in the
ledger a moment later, and nobody had shown the instrument a newer epoch then."""


@dataclass(frozen=True)
class DatedAct:
    """One line of the ledger: who moved, when by the wall clock, under which epoch, what."""

    instrument: str
    wall: datetime
    epoch: int
    action: str


def read_acts(state: Path) -> tuple[DatedAct, ...]:
    """Every whole line of a state folder's ledger but power and loading; a halt names no token where nothing ran."""
    path = state / "simulator" / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    read = (json.loads(line) for line in lines if line.endswith(b"\n"))
    return tuple(
        DatedAct(one["instrument"], datetime.fromisoformat(one["wall"]), one["epoch"], one["action"])
        for one in read
        if one["token"]
    )


def in_window(acts: Iterable[DatedAct], instruments: Collection[str], at: datetime, after: float, until: float) -> int:
    """How many acts of these instruments lie from `after` to `until` seconds behind an instant."""
    first, last = at + timedelta(seconds=after), at + timedelta(seconds=until)
    return sum(act.instrument in instruments and first <= act.wall <= last for act in acts)


def count_old_epochs(state: Path) -> int:
    """Acts of a process whose successor had been born, and acts under an epoch that an instrument knew to be old."""
    owners: dict[str, str] = {}
    births: dict[str, list[tuple[datetime, int]]] = {}
    with StoreReader(state / "store.sqlite") as reader:
        for logged in reader.entries(("AgentStarted", "LabOpened", "LabChanged")):
            body = logged.entry.record
            if isinstance(body, AgentStarted):
                births.setdefault(body.agent, []).append((logged.seal.recorded_at, logged.seal.epoch))
            elif isinstance(body, LabOpened | LabChanged):
                owners |= {i: name for name, agent in body.laboratory.agents.items() for i in agent.instruments}
    acts = [act for act in read_acts(state) if act.epoch]
    return sum(_is_old(act, births.get(owners.get(act.instrument, ""), ())) for act in acts) + _surpassed(acts)


def _is_old(act: DatedAct, births: Sequence[tuple[datetime, int]]) -> bool:
    return any(epoch > act.epoch and born_at + SETTLING < act.wall for born_at, epoch in births)


def _surpassed(acts: Iterable[DatedAct]) -> int:
    seen: dict[str, int] = {}
    count = 0
    for act in acts:
        count += act.epoch < seen.get(act.instrument, 0)
        seen[act.instrument] = max(act.epoch, seen.get(act.instrument, 0))
    return count
