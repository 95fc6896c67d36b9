"""The log's speed is measured on a real broker and a recorder in its own process."""

from pathlib import Path

from lab_agents.benchmarks.log_speed import measure_log


async def test_every_entry_comes_back_and_is_timed(tmp_path: Path) -> None:
    """As many round trips as asked for, none of them free."""
    speed = await measure_log(tmp_path / "log", n_entries=40, n_round_trips=5)
    assert speed.n_entries == 40
    assert speed.rate > 0
    assert len(speed.round_trips) == 5
    assert min(speed.round_trips) > 0
