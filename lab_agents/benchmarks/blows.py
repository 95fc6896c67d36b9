"""Whom a bad night strikes: every kind of process, in an order from a seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab_agents.records.laboratory import Laboratory
from lab_agents.settings import DEFAULT, Settings

GUARD, COMMAND = "guard", "run"
"""The names of two processes that nobody declares."""
FROZEN = 7.0
"""Wall seconds that a frozen process stays so: longer than a guard (5 s) or `run` lets it."""


@dataclass(frozen=True)
class Blow:
    """One thing done to one process: `kill`, or `freeze` (SIGSTOP, after `seconds` SIGCONT); others have other arms."""

    how: str
    name: str
    seconds: float = 0.0


def kinds_of(laboratory: Laboratory, settings: Settings = DEFAULT) -> dict[str, tuple[str, ...]]:
    """Kind of process → names of its processes, of all that a guard starts and of those that start it.

    An agent's kind is its role. The simulated laboratory is none: it stands for the hardware.
    """
    kinds: dict[str, tuple[str, ...]] = {kind: (kind,) for kind in ("broker", "recorder", GUARD, COMMAND)}
    kinds["compute"] = tuple(f"compute_{number}" for number in range(1, settings.compute_workers + 1))
    for name, agent in laboratory.agents.items():
        kinds[agent.role] = (*kinds.get(agent.role, ()), name)
    return kinds


def plan_blows(laboratory: Laboratory, seed: int, each: int = 2, *, freezes: bool = True) -> list[Blow]:
    """What to do to a laboratory, in an order from the seed.

    Args:
        laboratory: Whose processes.
        seed: Of the order, and of which processes of a kind are struck.
        each: So often each kind of process is killed, once in each round; of several of a kind one after the other.
        freezes: Whether recorder, guard and one line are frozen too.
    """
    rng, kinds = random.Random(f"blows {seed}"), kinds_of(laboratory)
    drawn = {kind: rng.sample(names, len(names)) for kind, names in kinds.items()}
    frozen = ("recorder", GUARD, rng.choice(kinds["synthesis"])) if freezes else ()
    # In rounds: a guard holds what ends again and again within a minute, as it should.
    rounds = [[Blow("kill", names[number % len(names)]) for names in drawn.values()] for number in range(each)]
    for name in frozen:
        rng.choice(rounds).append(Blow("freeze", name, FROZEN))
    for one in rounds:
        rng.shuffle(one)
    return [blow for one in rounds for blow in one]


def volleys(blows: Sequence[Blow], together: int) -> Iterator[list[Blow]]:
    """The blows in order, grouped: at most so many at the same instant, and none twice to one process."""
    volley: list[Blow] = []
    for blow in blows:
        if len(volley) == together or blow.name in {other.name for other in volley}:
            yield volley
            volley = []
        volley.append(blow)
    if volley:
        yield volley
