"""`lab-agents benchmark`: the figures that the README promises, measured again."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("benchmark")(benchmark)


def benchmark(
    name: Annotated[str, typer.Argument(metavar="NAME", help="replay, processes, or list.")],
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds.")] = 25,
    table: Annotated[
        Path | None, typer.Option("--table", help="crossed_barrel's table; without it that row is not run.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> int:
    """Run a benchmark and compare its figures with their targets."""
    raise NotImplementedError(name, seeds, table, as_json, Callable)
