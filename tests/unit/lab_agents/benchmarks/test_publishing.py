"""Figures as files."""

import json
from pathlib import Path

from lab_agents.benchmarks.figures import Figure
from lab_agents.benchmarks.publishing import publish_figures

FIGURES = (
    Figure(figure="lost under random kills", target="0", measured=0.0, verdict="passed", note="104 kills"),
    Figure(figure="a | bar", target="< 10", verdict="not run", note="nothing\nto measure"),
)


def test_a_scorecard_is_written_for_programs_and_for_people(tmp_path: Path) -> None:
    """The same figures, each in one row; what would break a table does not."""
    data, page = publish_figures(tmp_path / "scorecard", "reliability", 5, FIGURES)
    told = json.loads(data.read_text())
    assert [Figure.model_validate(one) for one in told["figures"]] == list(FIGURES)
    assert (told["benchmark"], told["seeds"]) == ("reliability", 5)
    rows = [line for line in page.read_text().splitlines() if line.startswith("| ")]
    assert rows[1:] == [
        "| lost under random kills | 0 | 0 | passed | 104 kills |",
        "| a \\| bar | < 10 |  | not run | nothing to measure |",
    ]
    assert "--seeds 5" in page.read_text()
