"""A small campaign's state folder: one that a test may add to, and one for all that only read."""

from pathlib import Path

import pytest

from tests.logbook import LogBook
from tests.small_campaign import write_campaign


@pytest.fixture(scope="session")
def template(tmp_path_factory) -> LogBook:
    """A whole small campaign, closed."""
    book = write_campaign(LogBook(tmp_path_factory.mktemp("template") / "state"))
    book.close()
    return book


@pytest.fixture
def book(template, tmp_path: Path):
    """A whole small campaign in which everything agrees, open for more."""
    book = template.copied(tmp_path / "state")
    yield book
    book.close()


@pytest.fixture
def written(template) -> Path:
    """The state folder of a whole small campaign that nobody may change."""
    return template.state
