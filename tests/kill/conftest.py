"""Here one thread does everything, so that every commit is a place to die: SQLite may block this loop."""

import pytest


@pytest.fixture(autouse=True)
def _nothing_blocks_an_event_loop() -> None:
    """Replaces the house's rule: the loop of these tests has no one to keep waiting."""
