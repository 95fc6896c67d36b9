import pytest

from lab_agents.errors import StoreError
from lab_agents.messages.life import AgentStarted
from lab_agents.store.sealing import seals_of
from lab_agents.store.seals import read_seals
from lab_agents.store.writer import LogWriter
from lab_agents.verifying import verify_state


def words(book) -> list[str]:
    """The words of the seals, in order."""
    return [line.word for line in read_seals(seals_of(book.path))]


def add(book):
    """One entry more."""
    return book.add("line", AgentStarted(agent="line", epoch=1, version="1"))


def test_a_commit_is_announced_and_confirmed(book):
    """One line before, one behind."""
    n = len(words(book))
    add(book)
    assert words(book)[n:] == ["will", "did"]


def test_a_recorder_killed_before_or_behind_its_commit_leaves_nothing_to_doubt(book):
    """The last line may be `will` in both cases."""
    seals = seals_of(book.path)
    add(book)
    lines = seals.read_bytes().splitlines(keepends=True)
    seals.write_bytes(b"".join(lines[:-1]))  # behind the commit
    assert verify_state(book.state).agrees
    seals.write_bytes(b"".join([*lines, b"will 99 " + b"a" * 64 + b" " + b"b" * 64 + b"\n"]))  # before it
    assert verify_state(book.state).agrees
    book.close()
    book.writer = LogWriter(book.path, "toy", lambda _connection, _logged: None)
    add(book)
    assert "found" not in words(book)
    assert verify_state(book.state).agrees


def test_a_recorder_goes_on_from_the_last_seal(book):
    """Without reading the log again."""
    add(book)
    book.close()
    book.writer = LogWriter(book.path, "toy", lambda _connection, _logged: None)
    assert "found" not in words(book)
    assert verify_state(book.state).agrees


def test_seals_whose_tail_a_power_cut_took_are_made_again_with_a_doubt(book):
    """The log is synced, the seals are not."""
    n = seals_of(book.path).stat().st_size
    for _ in range(3):
        add(book)
    book.close()
    with seals_of(book.path).open("r+b") as file:
        file.truncate(n)
    book.writer = LogWriter(book.path, "toy", lambda _connection, _logged: None)
    report = verify_state(book.state)
    assert report.agrees
    assert len(report.doubts) == 1


def test_nothing_is_appended_that_cannot_be_sealed(book, monkeypatch):
    """The disk that takes no seal takes no entry."""
    position = book.writer.position
    monkeypatch.setattr("os.write", lambda _descriptor, _data: 0)
    with pytest.raises(StoreError, match="no room for a seal"):
        add(book)
    monkeypatch.undo()
    assert book.writer.position == position
    add(book)
    assert verify_state(book.state).agrees
