"""The replay benchmark, with campaigns that are small enough for a test."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from lab_agents.bench.loop import Course
from lab_agents.benchmarks import replay
from lab_agents.benchmarks.replay import PHOTO, Run, barrel, benchmark_replay, found_share, read_replay, run_replay
from lab_agents.records.space import Candidate
from lab_agents.records.target import Target
from lab_agents.tables import Material, Table
from planners.protocols import Scored

needs_photo = pytest.mark.skipif(find_spec("olympus") is None, reason="the table comes with the package olymp")
"""Looked for and never imported: importing it patches Python's builtins."""

HEADER = "n,theta,r,t,toughness\n"


@pytest.fixture
def barrels(tmp_path: Path) -> Path:
    """A table like crossed_barrel: 120 materials with two replicates each."""
    rows = [
        f"{n},{theta},{r},{t},{n * r - 0.01 * theta + repeat}\n"
        for n in (6, 8, 10, 12)
        for theta in (0, 50, 100, 150, 200)
        for r in (1.5, 2.0, 2.5)
        for t in (0.7, 1.4)
        for repeat in (-0.5, 0.5)
    ]
    path = tmp_path / "barrels.csv"
    path.write_text(HEADER + "".join(rows))
    return path


@needs_photo
def test_photo_pce10_is_the_published_table() -> None:
    """1,020 unique blends, of which 51 are the best 5 %."""
    table = read_replay(PHOTO)
    assert len(table.materials) == 1020
    assert sum(len(m.outputs) for m in table.materials) == 1040


def test_the_found_share_counts_the_best_among_the_made() -> None:
    """The best 5 % of forty are two; direction decides which."""
    table = Table(("x",), "y", tuple(Material((float(i),), (float(i),)) for i in range(40)), "0" * 64)
    course = Course(proposed=[Scored(Candidate(values={"x": x})) for x in (3.0, 39.0, 0.0, 38.0)])
    assert found_share(course, table, Target(property="y", direction="maximize")) == (0.0, 0.5, 0.5, 1.0)
    assert found_share(course, table, Target(property="y", direction="minimize")) == (0.0, 0.0, 0.5, 0.5)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_run_is_a_curve_that_never_falls(barrels: Path, batch: int) -> None:
    """Sixty samples, the same curve when run again."""
    curve = run_replay(Run("crossed_barrel", barrels, "random", batch, 3))
    assert len(curve) == 60
    assert list(curve) == sorted(curve)
    assert curve == run_replay(Run("crossed_barrel", barrels, "random", batch, 3))


@needs_photo
def test_a_missing_table_is_a_row_that_was_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason; the other table's rows stand."""
    monkeypatch.setattr(replay, "KINDS", (("random", 1), ("random", 1), ("random", 1), ("random", 4)))
    seen: list[tuple[int, int]] = []
    figures = benchmark_replay(2, tmp_path / "none.csv", lambda done, total: seen.append((done, total)), processes=1)
    assert [f.verdict for f in figures] == ["passed", "failed", "passed", "not run"]
    assert "none.csv" in figures[-1].note
    assert seen[-1] == (8, 8)


def test_the_barrels_are_maximized_in_four_dimensions(barrels: Path) -> None:
    """Columns by name, replicates as one material."""
    wanted = barrel(barrels)
    table = read_replay(wanted)
    assert wanted.target.direction == "maximize"
    assert len(table.materials) == 120
    assert table.inputs == ("n", "theta", "r", "t")
