"""Figures as files: what a release publishes of itself, with where, when and under which load it was measured.

A scorecard has one section for each benchmark that was written into it. Writing one again replaces its section, so a
scorecard that takes a night comes about in parts, each of which stands as soon as it was measured.
"""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from lab_agents.benchmarks.figures import Figure
from lab_agents.benchmarks.machine import measure_load, name_machine, name_software
from lab_agents.errors import ReportError
from lab_agents.records.base import Record
from lab_agents.state_folder import write_atomically


class Section(Record):
    """What one benchmark measured of which software, and where.

    `load` is the machine's over the last 15 minutes, with its own.
    """

    benchmark: str
    seeds: int
    software: str
    measured_at: str
    python: str
    machine: str
    load: float
    figures: tuple[Figure, ...]


class Published(Record):
    """A scorecard of any benchmarks, in the order in which they were first written."""

    sections: tuple[Section, ...] = ()


def publish_figures(stem: Path, benchmark: str, seeds: int, figures: Sequence[Figure]) -> tuple[Path, Path]:
    """Write a section into `<stem>.json` for programs and `<stem>.md` for people; returns both.

    Raises:
        ReportError: If `<stem>.json` is there and is no scorecard.
        OSError: If the folder cannot be written.
    """
    section = Section(
        benchmark=benchmark,
        seeds=seeds,
        software=name_software(),
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        python=platform.python_version(),
        machine=name_machine(),
        load=measure_load(),
        figures=tuple(figures),
    )
    # Not `with_suffix`: a stem may have a dot of its own, as a version has.
    data, page = stem.with_name(f"{stem.name}.json"), stem.with_name(f"{stem.name}.md")
    published = put_section(read_published(data), section)
    write_atomically(data, published.model_dump_json(indent=1).encode() + b"\n")
    write_atomically(page, as_markdown(published).encode())
    return data, page


def put_section(published: Published, section: Section) -> Published:
    """The scorecard with a section in the place of the one of its benchmark, or behind all others."""
    sections = {one.benchmark: one for one in published.sections} | {section.benchmark: section}
    return Published(sections=tuple(sections.values()))


def read_published(data: Path) -> Published:
    """The scorecard in a file; an empty one where there is none.

    Raises:
        ReportError: If the file is no scorecard.
    """
    if not data.exists():
        return Published()
    try:
        return Published.model_validate_json(data.read_bytes())
    except ValidationError as error:
        raise ReportError(f"{data} is no scorecard: {error}. Write to another file, or delete it.") from error


def as_markdown(published: Published) -> str:
    """What was measured and what was not, then a table for each section."""
    figures = [one for section in published.sections for one in section.figures]
    n = {said: sum(one.verdict == said for one in figures) for said in ("passed", "failed", "not run")}
    lines = [
        "# Scorecard",
        "",
        f"Of {len(figures)} figures {n['passed']} meet their target, {n['failed']} do not, "
        f"{n['not run']} were not run.",
    ]
    missed = [one for one in figures if one.verdict != "passed"]
    lines += ["", *(f"- {one.verdict}: {_cell(one.figure)}" for one in missed)] if missed else []
    for section in published.sections:
        lines += _section(section)
    return "\n".join(lines) + "\n"


def _section(section: Section) -> list[str]:
    return [
        "",
        f"## {section.benchmark}",
        "",
        f"`lab-agents benchmark {section.benchmark} --seeds {section.seeds} --out FILE`: "
        f"Lab Agents {section.software}, {section.measured_at}, Python {section.python}, {section.machine}, "
        f"load {section.load:g}.",
        "",
        "| figure | target | measured | verdict | note |",
        "|---|---|---|---|---|",
        *(_row(one) for one in section.figures),
    ]


def _row(one: Figure) -> str:
    measured = "" if one.measured is None else f"{one.measured:.4g}"
    return "| " + " | ".join(map(_cell, (one.figure, one.target, measured, one.verdict, one.note))) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
