"""Figures as files: what a release publishes of itself, with where and when it was measured."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic_core import to_json

from lab_agents import __version__
from lab_agents.benchmarks.figures import Figure
from lab_agents.state_folder import write_atomically


def publish_figures(stem: Path, benchmark: str, seeds: int, figures: Sequence[Figure]) -> tuple[Path, Path]:
    """Write figures as `<stem>.json` for programs and `<stem>.md` for people; returns both.

    Raises:
        OSError: If the folder cannot be written.
    """
    about: dict[str, str | int] = {
        "benchmark": benchmark,
        "seeds": seeds,
        "software": __version__,
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    data, page = stem.with_suffix(".json"), stem.with_suffix(".md")
    write_atomically(data, to_json({**about, "figures": figures}, indent=1) + b"\n")
    write_atomically(page, as_markdown(about, figures).encode())
    return data, page


def as_markdown(about: dict[str, str | int], figures: Sequence[Figure]) -> str:
    """A table with one row for each figure."""
    lines = [
        f"# Scorecard: {about['benchmark']}",
        "",
        f"Written by `lab-agents benchmark {about['benchmark']} --seeds {about['seeds']} --out FILE`; Lab Agents "
        f"{about['software']}, {about['measured_at']}, Python {about['python']}, {about['machine']}.",
        "",
        "| figure | target | measured | verdict | note |",
        "|---|---|---|---|---|",
    ]
    for one in figures:
        measured = "" if one.measured is None else f"{one.measured:.4g}"
        cells = (one.figure, one.target, measured, one.verdict, one.note)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
