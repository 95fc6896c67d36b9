"""Reading tables of recorded measurements."""

import pytest

from lab_agents.errors import TableError
from lab_agents.records.table import InputRange, TableDeclaration
from lab_agents.tables import locate_table, read_table

UNIT = InputRange(lower=0.0, upper=1.0)


def _declared(**changes):
    return TableDeclaration.model_validate({"path": "t.csv", "inputs": {"a": UNIT, "b": UNIT}, "output": "y"} | changes)


def _read(folder, text, **changes):
    declaration = _declared(**changes)
    (folder / "t.csv").write_text(text)
    return read_table(declaration, locate_table(declaration, folder))


def test_rows_with_equal_inputs_are_replicates_of_one_material(tmp_path):
    table = _read(tmp_path, "y,a,b\n1,0.5,0.5\n2,1,0\n3,0.5,0.5\n")
    assert [(m.inputs, m.outputs, m.mean) for m in table.materials] == [
        ((0.5, 0.5), (1.0, 3.0), 2.0),
        ((1.0, 0.0), (2.0,), 2.0),
    ]
    assert table.bounds == (1.0, 3.0)


def test_a_table_without_a_header_is_read_by_its_columns(tmp_path):
    table = _read(tmp_path, "0,1,7\n\n1,0,8\n", header=False, columns=("a", "b", "y"))
    assert [m.outputs for m in table.materials] == [(7.0,), (8.0,)]


def test_the_content_changes_with_the_file(tmp_path):
    first, second = (_read(tmp_path, f"a,b,y\n0,1,{y}\n1,0,1\n").content for y in (1, 2))
    assert first != second


@pytest.mark.parametrize(
    ("text", "changes", "complaint"),
    [
        ("a,c,y\n0,1,1\n", {}, r"there is no column 'b'; the columns are a, c, y"),
        ("a,b,y\n0,1,1\n0,x,1\n", {}, r"t\.csv, line 3: b is 'x', which is no number"),
        ("a,b,y\n0,1,nan\n", {}, r"line 2: y is nan; only finite numbers"),
        ("a,b,y\n0,1\n", {}, r"line 2: y is '', which is no number"),
        ("a,b,y\n0,1.5,1\n", {}, r"line 2: b is 1\.5, outside its declared range 0 to 1"),
        ("a,b,y\n0.5,0.4,1\n", {"simplex": True}, r"line 2: the fractions sum to 0\.9000, not to 1"),
        ("a,b,y\n0,1,1\n0,1,2\n", {}, r"holds 1 materials; a campaign needs at least 2"),
        ("", {}, r"there is no column 'a'"),
    ],
)
def test_a_table_that_is_not_as_declared_is_refused_by_line_and_value(tmp_path, text, changes, complaint):
    with pytest.raises(TableError, match=complaint):
        _read(tmp_path, text, **changes)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"path": None}, "--table PATH"),
        ({"path": "none.csv"}, "There is no table at"),
        ({"package": "no_such_package_here"}, r"pip install lab-agents\[data\]"),
    ],
)
def test_a_table_that_is_not_there_says_where_to_get_it(tmp_path, changes, complaint):
    with pytest.raises(TableError, match=complaint):
        locate_table(_declared(**changes), tmp_path)


def test_a_table_may_come_with_a_package(tmp_path):
    path = locate_table(_declared(package="lab_agents", path="tables.py"), tmp_path)
    assert path.name == "tables.py"
