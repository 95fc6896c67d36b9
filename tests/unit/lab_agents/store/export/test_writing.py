import pytest

from lab_agents.store.export.writing import write_lines


def test_a_file_is_replaced_as_a_whole_and_its_folder_made(tmp_path):
    """Nothing else is left beside it."""
    path = tmp_path / "new" / "out.txt"
    write_lines(path, [b"one\n"])
    write_lines(path, [b"two\n", b"three\n"])
    assert path.read_bytes() == b"two\nthree\n"
    assert [one.name for one in path.parent.iterdir()] == ["out.txt"]


def test_a_file_stays_as_it_was_where_its_lines_end_in_an_error(tmp_path):
    """Half a table is worse than none."""
    path = tmp_path / "out.txt"
    write_lines(path, [b"whole\n"])

    def broken():
        yield b"half\n"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_lines(path, broken())
    assert path.read_bytes() == b"whole\n"
