"""`lab-agents benchmark`: the figures that the README promises, measured again."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lab_agents.cli.exits import Exit
from lab_agents.cli.output import say, say_json, warn

if TYPE_CHECKING:
    from lab_agents.benchmarks.figures import Figure

BENCHMARKS: Mapping[str, tuple[str, str, int]] = {
    "replay": ("lab_agents.benchmarks.replay:benchmark_replay", "how soon the best recorded materials are found", 25),
    "loop": (
        "lab_agents.benchmarks.loop:benchmark_loop",
        "materials made to a target from raw data, judged by what is true of them",
        20,
    ),
    "patterns": (
        "lab_agents.benchmarks.patterns:benchmark_patterns",
        "phase fractions concluded from patterns that another program made",
        40,
    ),
    "awards": (
        "lab_agents.benchmarks.awards:benchmark_awards",
        "samples and regret per laboratory hour of joint awards against first come, first served",
        10,
    ),
    "demo": (
        "lab_agents.benchmarks.demo:benchmark_demo",
        "the demonstration through all processes: time, memory, audit, regret beside that of the bench",
        10,
    ),
    "processes": (
        "lab_agents.benchmarks.processes:benchmark_processes",
        "speed, memory and recovery of the processes of one laboratory",
        1,
    ),
    "failures": (
        "lab_agents.benchmarks.failures:benchmark_failures",
        "healthy samples completed without a person while one task in five fails",
        3,
    ),
    "stalls": (
        "lab_agents.benchmarks.stalls:benchmark_stalls",
        "how soon a task that hangs is a ticket, and how often one is cried in vain",
        5,
    ),
    "tampering": (
        "lab_agents.benchmarks.tampering:benchmark_tampering",
        "whether any single change to log, tables and blobs is found",
        500,
    ),
    "stop": (
        "lab_agents.benchmarks.stop:benchmark_stop",
        "seconds from an emergency stop to each of fifty instruments, ten of them unreachable",
        1,
    ),
    "fuzz": (
        "lab_agents.benchmarks.fuzz:benchmark_fuzz",
        "whether any of ten thousand wrong set-points moves something, and what ten thousand wrong messages do",
        1,
    ),
    "load": (
        "lab_agents.benchmarks.load:benchmark_load",
        "how soon a thousand works are awarded, and the steps of fifty instruments begun; on an idle machine",
        5,
    ),
    "survival": (
        "lab_agents.benchmarks.survival:benchmark_survival",
        "what a laboratory survives: kills and freezes of every process, a machine cut off, a permit that is lost",
        1,
    ),
    "soak": (
        "lab_agents.benchmarks.soak:benchmark_soak",
        "memory and disk of a campaign of two thousand samples",
        1,
    ),
    "reliability": (
        "lab_agents.benchmarks.reliability:benchmark_reliability",
        "all that is promised of reliability: survival, stop, fuzz, failures, stalls, load, soak, tampering",
        1,
    ),
}
"""Each benchmark's function `(seeds, table, progress) -> figures`, what it measures, its usual number of seeds."""


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("benchmark")(benchmark)


def benchmark(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which one; `list` names them.")],
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", min=1, help="How many seeds; `list` says how many by default."),
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--table", help="crossed_barrel's table; without it its rows are not run.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the figures into the scorecard FILE.json and FILE.md too."),
    ] = None,
) -> int:
    """Run a benchmark and compare its figures with their targets."""
    if name == "list":
        say("\n".join(f"{key} ({n}): {what}" for key, (_, what, n) in BENCHMARKS.items()))
        return Exit.OK
    if name not in BENCHMARKS:
        warn(f"error: there is no benchmark {name!r}; known are {', '.join(BENCHMARKS)}.")
        return Exit.USAGE
    seeds = seeds or BENCHMARKS[name][2]
    figures: list[Figure] = []
    for part, n in parts_of(name, seeds):
        measured = find_benchmark(part)(n, table, _show_progress)
        figures.extend(measured)
        if out is not None:
            from lab_agents.benchmarks.publishing import publish_figures

            publish_figures(out, part, n, measured)
    if as_json:
        say_json({"benchmark": name, "seeds": seeds, "figures": figures})
    else:
        say(as_text(figures))
    return exit_for(figures)


def parts_of(name: str, seeds: int) -> list[tuple[str, int]]:
    """The benchmarks that one is made of, with their seeds: what is published as soon as it was measured."""
    if name != "reliability":
        return [(name, seeds)]
    from lab_agents.benchmarks.reliability import sections_of

    return sections_of(seeds)


def exit_for(figures: "Sequence[Figure]") -> Exit:
    """Whether a figure misses its target; what was not run misses nothing."""
    return Exit.BELOW_TARGET if any(f.verdict == "failed" for f in figures) else Exit.OK


def find_benchmark(name: str) -> "Callable[[int, Path | None, Callable[[int, int], None]], Sequence[Figure]]":
    """The function of a benchmark; loading it may load torch."""
    module, function = BENCHMARKS[name][0].split(":")
    found: Callable[[int, Path | None, Callable[[int, int], None]], Sequence[Figure]] = getattr(
        import_module(module), function
    )
    return found


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {of}" + ("\n" if done == of else ""))
        sys.stderr.flush()


def as_text(figures: "Sequence[Figure]") -> str:
    """The figures for people, three lines each."""
    blocks = []
    for figure in figures:
        measured = "" if figure.measured is None else f"{figure.measured:.3f}"
        interval = ""
        # One seed has no confidence interval; its bounds are as wide as a number can be.
        if figure.interval is not None and abs(figure.interval[0]) < sys.float_info.max / 10:
            interval = f" [{figure.interval[0]:.3f}, {figure.interval[1]:.3f}]"
        lines = [f"{figure.verdict:8} {figure.figure}", f"         {measured}{interval}, target: {figure.target}"]
        blocks.append("\n".join([*lines, *([f"         {figure.note}"] if figure.note else [])]))
    return "\n".join(blocks)
