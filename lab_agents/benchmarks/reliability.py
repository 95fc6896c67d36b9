"""`lab-agents benchmark reliability`: all that is promised of a laboratory's reliability, measured on this machine.

Each section is a benchmark of its own name, which may be run alone; a scorecard keeps them apart (`publishing`).
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from lab_agents.benchmarks.figures import Figure, not_run

SECTIONS = ("survival", "stop", "fuzz", "failures", "stalls", "load", "soak", "tampering")
"""The benchmarks, in the order in which they are run."""
FIXED = {"soak": 1, "tampering": 500}
"""Seeds of those that take as many whatever the others take: one campaign of two thousand samples, single changes."""

Progress = Callable[[int, int], None]


def benchmark_reliability(seeds: int, table: Path | None, progress: Progress) -> Sequence[Figure]:
    """All rows: those of every section, one after the other.

    Args:
        seeds: As of `benchmark_survival`; others take theirs from it (`sections_of`).
        table: Handed on.
        progress: Handed on.
    """
    return [row for name, n in sections_of(seeds) for row in run_section(name, n, table, progress)]


def sections_of(seeds: int) -> list[tuple[str, int]]:
    """The benchmarks that reliability is made of, each with its number of seeds."""
    return [(name, FIXED.get(name, seeds)) for name in SECTIONS]


def run_section(section: str, seeds: int, table: Path | None, progress: Progress) -> Sequence[Figure]:
    """The rows of another benchmark, or one that says that it is not there."""
    module = f"lab_agents.benchmarks.{section}"
    if find_spec(module) is None:
        return [not_run(f"all of `lab-agents benchmark {section}`", "see there", "this version has no such benchmark")]
    run: Callable[[int, Path | None, Progress], Sequence[Figure]]
    run = getattr(import_module(module), f"benchmark_{section}")
    return run(seeds, table, progress)
