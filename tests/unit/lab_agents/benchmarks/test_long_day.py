"""Looking at a campaign while its samples are made."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lab_agents.benchmarks.long_day import LongDay, count_made
from lab_agents.errors import GuardError


def test_samples_are_counted_in_the_log(tmp_path: Path) -> None:
    """Other kinds do not count."""
    store = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(store)) as log, log:
        log.execute("CREATE TABLE log (position INTEGER PRIMARY KEY, kind TEXT)")
        log.executemany("INSERT INTO log (kind) VALUES (?)", [("SampleMade",), ("BidMade",), ("SampleMade",)])
    assert count_made(store) == 2


def test_before_there_is_a_log_nothing_was_made(tmp_path: Path) -> None:
    """Looking makes no file."""
    assert count_made(tmp_path / "store.sqlite") == 0
    assert not list(tmp_path.iterdir())


async def test_a_campaign_that_does_not_begin_is_told_with_its_last_words(tmp_path: Path) -> None:
    """Rather than a store that is missing."""
    campaign = tmp_path / "campaign.yaml"
    campaign.write_text("films: many\n", encoding="utf-8")
    with pytest.raises(GuardError, match=r"ended before it began: exit code 3 \(error: .*campaign\.yaml"):
        await LongDay(campaign, tmp_path / "state", 10, lambda _made, _planned: None).run()
