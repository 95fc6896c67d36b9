"""YAML whose every value knows its line."""

import pytest

from lab_agents.declarations import read_declaration
from lab_agents.errors import DeclarationError
from lab_agents.records.base import FrozenMap, Record


class Inner(Record):
    """A record inside."""

    width: float
    colour: str = "red"


class Outer(Record):
    """A record with everything that may go wrong."""

    name: str
    size: float = 1.0
    parts: tuple[Inner, ...] = ()
    named: FrozenMap[str, Inner] = {}  # noqa: RUF012 - frozen by validation


def write(folder, text):
    path = folder / "file.yaml"
    path.write_text(text)
    return path


def test_every_value_knows_its_line(tmp_path):
    document = read_declaration(write(tmp_path, "name: a\n\nparts:\n  - {width: 1}\n  - width: 2\n    colour: blue\n"))
    assert document.line("name") == 1
    assert document.line("parts", 1, "colour") == 6
    assert document.line("parts", 1, "nowhere") == 5
    assert document.read(Outer).parts[1] == Inner(width=2.0, colour="blue")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: a\nsiez: 2", 2, ["siez", "Did you mean 'size'?", "name, size, parts, named"]),
        ("name: a\nparts:\n  - {width: 1, color: x}", 3, ["color", "Did you mean 'colour'?"]),
        ("name: a\nnamed:\n  one: {widht: 1}", 3, ["widht", "Did you mean 'width'?"]),
        ("size: 1", 1, ["name", "is missing"]),
        ("name: a\nsize: large", 2, ["'large'", "number"]),
        ("name: a\nsize: .nan", 2, ["nan", "finite"]),
        ("name: a\nsize: .inf", 2, ["inf", "finite"]),
        ("name: 7", 1, ["7", "string"]),
        ("name: a\nname: b", 2, ["said twice", "line 1"]),
        ("name: [a", 1, ["not YAML"]),
        ("name: a\n b: c", 2, ["not YAML"]),
        ("- a\n- b", 1, ["mapping"]),
        ("", 1, ["mapping"]),
        ("a: &x\n  b: *x", 1, ["contains itself"]),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, line, words):
    path = write(tmp_path, text)
    with pytest.raises(DeclarationError) as caught:
        read_declaration(path).read(Outer)
    assert caught.value.line == line
    assert str(path) in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_several_mistakes_are_counted(tmp_path):
    path = write(tmp_path, "nam: a\nsize: big")
    with pytest.raises(DeclarationError, match="2 more things are wrong"):
        read_declaration(path).read(Outer)


def test_a_number_with_an_exponent_is_a_number(tmp_path):
    assert read_declaration(write(tmp_path, "name: a\nsize: 2e-3")).read(Outer).size == 0.002


def test_a_quoted_number_stays_text(tmp_path):
    assert read_declaration(write(tmp_path, 'name: "2e-3"')).read(Outer).name == "2e-3"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DeclarationError, match="no such file"):
        read_declaration(tmp_path / "nowhere.yaml")


def test_a_file_that_is_not_text_is_named(tmp_path):
    path = tmp_path / "file.yaml"
    path.write_bytes(b"name: \xff")
    with pytest.raises(DeclarationError, match="byte 6 is not UTF-8"):
        read_declaration(path)
