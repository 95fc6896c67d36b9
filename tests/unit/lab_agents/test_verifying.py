import sqlite3
from contextlib import closing

import pytest

from lab_agents.errors import StoreError
from lab_agents.journal import Journal
from lab_agents.messages.life import AgentStarted
from lab_agents.store.sealing import seals_of
from lab_agents.verifying import read_anchors, verify_state


def change(path, *statements: str) -> None:
    """Change a store behind the recorder's back."""
    with closing(sqlite3.connect(path)) as store:
        for statement in statements:
            store.execute(statement)
        store.commit()


def found(state) -> dict[str, list[str]]:
    """What each check found."""
    return {c.name: [f.what for f in c.findings] for c in verify_state(state).checks if c.findings}


def test_what_a_laboratory_wrote_agrees(written):
    """Every check was put but that of the journals, of which this folder has none."""
    report = verify_state(written)
    assert report.agrees, report.to_text()
    assert {check.name for check in report.checks if not check.n_checked} == {"journals"}
    assert "Nothing was changed." in report.to_text()


def test_a_laboratory_that_writes_meanwhile_agrees(book):
    """An open store, with its write-ahead log."""
    assert verify_state(book.state).agrees
    book.add("line", AgentStarted(agent="line", epoch=7, version="1"))
    assert verify_state(book.state).agrees


@pytest.mark.parametrize("column", ["epoch", "sequence", "recorded_at", "source"])
def test_columns_that_the_chain_does_not_cover_are_sealed(book, column):
    """The header of a frame stands in no entry."""
    change(book.path, f"UPDATE log SET {column} = {column} || '001' WHERE position = 20")
    assert "seals" in found(book.state)


def test_a_tail_that_was_cut_off_is_missed(book):
    """Nothing in the table itself says that there was more."""
    change(book.path, "DELETE FROM log WHERE position > 50")
    assert "its tail is missing" in found(book.state)["seals"][0]
    assert "log" not in found(book.state)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE source SET sequence = sequence + 1 WHERE source = 'line'",
        "DELETE FROM source WHERE source = 'line'",
        "INSERT INTO source VALUES ('stranger', 1, 0, 0)",
        "UPDATE lease SET recorder = recorder + 1",
    ],
)
def test_sources_and_lease_are_sealed(book, statement):
    """They cannot be made again from the log."""
    change(book.path, statement)
    assert found(book.state) == {"seals": ["a row of source or lease is not the one that was sealed"]}


def test_a_second_revision_is_found_and_the_rest_is_asked_all_the_same(book):
    """The tables cannot be made anew then."""
    change(book.path, "INSERT INTO alembic_version VALUES ('0000')")
    assert list(found(book.state)) == ["file"]


def test_a_row_that_the_log_does_not_make_is_found(book):
    """In a table that is queried."""
    change(book.path, "UPDATE observation SET value = value + 1")
    assert any("observation" in one and "differs" in one for one in found(book.state)["tables"])


def test_a_changed_blob_is_found_also_where_nothing_names_it(book):
    """Its name is its content."""
    address = book.blobs.put(b"nobody names this")
    assert "1 named by no entry" in verify_state(book.state).to_text()
    book.blobs.path(address).write_bytes(b"and it was changed")
    assert "holds other content" in found(book.state)["blobs"][0]


def test_a_journal_that_followed_another_log_is_a_witness(book):
    """Whoever rewrites the store and its seals must rewrite each agent's journal too."""
    head = book.writer.position
    for agent, log, position in (("one", book.writer.log, head), ("two", "other", 3), ("three", book.writer.log, 99)):
        journal = Journal(book.state / "journals" / f"{agent}.sqlite", agent)
        with journal.transaction():
            journal.write_position(log, position, book.writer.chain)
        journal.close()
    assert [anchor.agent for anchor in read_anchors(book.state)] == ["one", "three", "two"]
    assert found(book.state)["journals"] == [
        f"followed the log to 99; it ends at {head}",
        f"followed the log other, this one is {book.writer.log}",
    ]


def test_a_store_from_before_there_were_seals_is_told_as_such(book):
    """The other checks are put."""
    seals_of(book.path).unlink()
    report = verify_state(book.state)
    assert report.agrees
    assert "no seals" in report.to_text()


def test_a_recorder_that_meets_another_store_says_so_for_ever(template, tmp_path):
    """What was changed while no recorder ran is doubted, not forgotten."""
    book = template.copied(tmp_path / "state")
    book.close()
    change(book.path, "UPDATE source SET epoch = 9 WHERE source = 'line'")
    book.writer = type(book.writer)(book.path, "toy", lambda _connection, _logged: None)
    book.close()
    report = verify_state(book.state)
    assert report.agrees
    assert "had not been sealed" in report.doubts[0]


def test_a_folder_without_a_store_is_an_error(tmp_path):
    """With what to do."""
    with pytest.raises(StoreError, match="no store"):
        verify_state(tmp_path)
