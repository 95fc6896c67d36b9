"""Figures as files."""

from pathlib import Path

import pytest

from lab_agents.benchmarks.figures import Figure
from lab_agents.benchmarks.publishing import publish_figures, read_published
from lab_agents.errors import ReportError

FIGURES = (
    Figure(figure="lost under random kills", target="0", measured=0.0, verdict="passed", note="104 kills"),
    Figure(figure="a | bar", target="< 10", verdict="not run", note="nothing\nto measure"),
)


def test_a_scorecard_is_written_for_programs_and_for_people(tmp_path: Path) -> None:
    """The same figures, each in one row; what would break a table does not. What was not run stands in front."""
    data, page = publish_figures(tmp_path / "scorecard-0.1", "reliability", 5, FIGURES)
    assert (data.name, page.name) == ("scorecard-0.1.json", "scorecard-0.1.md")
    (section,) = read_published(data).sections
    assert (section.benchmark, section.seeds, section.figures) == ("reliability", 5, FIGURES)
    text = page.read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[1:] == [
        "| lost under random kills | 0 | 0 | passed | 104 kills |",
        "| a \\| bar | < 10 |  | not run | nothing to measure |",
    ]
    assert "--seeds 5" in text
    assert f"load {section.load:g}" in text
    assert text.index("- not run: a \\| bar") < text.index("| figure |")


def test_a_section_that_is_measured_again_takes_its_own_place(tmp_path: Path) -> None:
    """The others stay as they were."""
    stem = tmp_path / "scorecard"
    for name, figures in (("stop", FIGURES), ("soak", FIGURES[:1]), ("stop", FIGURES[:1])):
        data, page = publish_figures(stem, name, 1, figures)
    assert [(s.benchmark, len(s.figures)) for s in read_published(data).sections] == [("stop", 1), ("soak", 1)]
    assert "Of 2 figures 2 meet their target, 0 do not, 0 were not run." in page.read_text()


def test_another_file_is_not_overwritten(tmp_path: Path) -> None:
    """It may be somebody's."""
    (tmp_path / "notes.json").write_text('{"my": "notes"}')
    with pytest.raises(ReportError, match="is no scorecard"):
        publish_figures(tmp_path / "notes", "stop", 1, FIGURES)
