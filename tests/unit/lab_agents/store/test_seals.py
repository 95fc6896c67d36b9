import pytest

from lab_agents.errors import StoreError
from lab_agents.store.seals import BEGINNING, Remainder, SealBook, StoreState, digest_row, read_seals, standing

ONE = StoreState(1, "a" * 64, "b" * 64)
TWO = StoreState(2, "c" * 64, "d" * 64)


def test_lines_are_read_as_they_were_written(tmp_path):
    """`did` repeats the beginning of the digests."""
    book = SealBook(tmp_path / "seals")
    book.will(ONE)
    book.did(ONE)
    book.found(TWO)
    book.close()
    will, did, found = read_seals(book.path)
    assert [line.word for line in (will, did, found)] == ["will", "did", "found"]
    assert ONE.is_said_by(will)
    assert ONE.is_said_by(did)
    assert not ONE.is_said_by(found)


def test_between_will_and_did_both_states_may_stand(tmp_path):
    """A recorder may have been killed before its commit or behind it."""
    book = SealBook(tmp_path / "seals")
    for state in (ONE, TWO):
        book.will(state)
        if state is ONE:
            book.did(state)
    book.close()
    lines = standing(read_seals(book.path))
    assert any(ONE.is_said_by(line) for line in lines)
    assert any(TWO.is_said_by(line) for line in lines)


def test_a_line_cut_short_is_left_out_and_another_one_is_an_error(tmp_path):
    """A power cut may end a line; nothing else does."""
    path = tmp_path / "seals"
    path.write_text(f"will 1 {'a' * 64} {'b' * 64}\nwill 2 {'a' * 10}")
    assert len(read_seals(path)) == 1
    path.write_text("will one two three\n")
    with pytest.raises(StoreError, match="no seal"):
        read_seals(path)


def test_the_last_lines_of_a_long_file_are_read_alone(tmp_path):
    """From a whole line on."""
    book = SealBook(tmp_path / "seals")
    for position in range(2000):
        book.did(StoreState(position, "a" * 64, "b" * 64))
    book.close()
    lines = read_seals(book.path, tail=True)
    assert lines[-1].position == 1999
    assert 100 < len(lines) < 2000


def test_a_book_that_cannot_be_written_says_so(tmp_path):
    """Nothing must be committed then."""
    with pytest.raises(StoreError, match="cannot be written"):
        SealBook(tmp_path / "none" / "seals").will(ONE)
    SealBook(tmp_path / "none" / "seals").did(ONE)


def test_a_remainder_forgets_what_is_taken_from_it():
    """In whatever order."""
    rest = Remainder([("source", "a", 1), ("source", "b", 2)])
    again = rest.copy()
    again.take(("source", "a", 1))
    again.add(("source", "a", 2))
    assert again.digest != rest.digest
    again.take(("source", "a", 2))
    again.add(("source", "a", 1))
    assert again.digest == rest.digest == Remainder([("source", "b", 2), ("source", "a", 1)]).digest


def test_a_running_digest_depends_on_every_column_and_on_the_order():
    """Also on its type."""
    one = digest_row(digest_row(BEGINNING, (1, "a")), (2, "b"))
    assert one != digest_row(digest_row(BEGINNING, (2, "b")), (1, "a"))
    assert digest_row(BEGINNING, (1,)) != digest_row(BEGINNING, ("1",))
