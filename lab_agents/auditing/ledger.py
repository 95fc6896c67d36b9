"""Reading the ledger of a simulated laboratory, from the page that documents it and from nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NOT_ACTS = frozenset({"halt", "power_on", "load"})
"""Lines that are no actuation ordered with a token: something was ended, power came back, a person loaded a tray."""


@dataclass(frozen=True)
class Moved:
    """One line: an accepted program. Times stay text; nothing is computed from them."""

    number: int
    instrument: str
    token: str
    action: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Ledger:
    """Every act that moved, in order, and what is wrong with the file itself."""

    acts: tuple[Moved, ...] = ()
    faults: tuple[str, ...] = ()
    n_lines: int = 0
    by_token: Mapping[str, tuple[Moved, ...]] = field(default_factory=dict)


def read_ledger(path: Path) -> Ledger | None:
    """Read a ledger; None where there is none, because the laboratory is a real one.

    A last line without its end was cut by a power cut and counts as not written.
    """
    if not path.is_file():
        return None
    lines = path.read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(b"\n")]
    moved, faults = [], []
    for expected, line in enumerate(whole, start=1):
        try:
            raw = json.loads(line)
            one = Moved(raw["number"], raw["instrument"], raw["token"], raw["action"], raw["details"])
        except (ValueError, KeyError, TypeError) as error:
            faults.append(f"line {expected} cannot be read: {error!r}")
            continue
        if one.number != expected:
            faults.append(f"line {expected} has number {one.number}; lines are missing or doubled")
        moved.append(one)
    acts = tuple(one for one in moved if one.action not in NOT_ACTS)
    tokens: dict[str, tuple[Moved, ...]] = {}
    for one in acts:
        tokens[one.token] = (*tokens.get(one.token, ()), one)
    return Ledger(acts, tuple(faults), len(whole), tokens)
