"""Declarations of tables."""

import pytest
from pydantic import ValidationError

from lab_agents.records.table import InputRange, TableDeclaration

INPUTS = {"a": InputRange(lower=0.0, upper=1.0)}


def test_a_table_without_a_header_needs_its_columns():
    with pytest.raises(ValidationError, match="needs columns"):
        TableDeclaration(path="t.csv", header=False, inputs=INPUTS, output="y")


def test_columns_name_every_input_and_the_output():
    with pytest.raises(ValidationError, match="columns do not list a, y"):
        TableDeclaration(path="t.csv", columns=("b",), inputs=INPUTS, output="y")
    assert TableDeclaration(path="t.csv", header=False, columns=("a", "y"), inputs=INPUTS, output="y").output == "y"
