import pytest
from sqlalchemy import update

from lab_agents.errors import StoreError
from lab_agents.messages.frames import unpack_logged
from lab_agents.store.rows import LOG, bytes_of, log_identity, logged_of, read_rows, seal_of


def test_rows_give_the_entries_that_the_recorder_published(book, engine):
    """Seal and entry, from the table and from a page."""
    published = [unpack_logged(data) for data in book.writer.page(0, 10**7)]
    with engine.connect() as connection:
        log = log_identity(connection)
        assert [logged_of(row, log) for row in read_rows(connection, 0)] == published
        assert [seal_of(row, log).position for row in read_rows(connection, 50)] == list(
            range(51, book.writer.position + 1)
        )


def test_an_entry_that_cannot_be_read_is_named_by_its_position(engine):
    """With what to do next."""
    with engine.begin() as connection:
        connection.execute(update(LOG).where(LOG.c.position == 3).values(entry=b"{}"))
    with engine.connect() as connection, pytest.raises(StoreError, match=r"position 3 .* newer"):
        [logged_of(row, "log") for row in read_rows(connection, 0)]


def test_filters_apply_to_every_page(engine):
    """And bytes stay bytes."""
    with engine.connect() as connection:
        rows = list(read_rows(connection, 0, LOG.c.kind == "SampleMade"))
    assert len(rows) == 2
    assert all(bytes_of(row).startswith(b"{") for row in rows)
