"""The error tree."""

import inspect

import pytest

from lab_agents import errors
from lab_agents.errors import DeclarationError, LabAgentsError


def test_a_declaration_error_says_file_line_field_and_remedy():
    error = DeclarationError("is 'degC', not '°C'", source="lab.yaml", line=7, field="limits.unit", remedy="Write °C")
    assert str(error) == "lab.yaml, line 7: limits.unit: is 'degC', not '°C'. Write °C"
    assert (error.source, error.line, error.field, error.remedy) == ("lab.yaml", 7, "limits.unit", "Write °C")


def test_a_declaration_error_leaves_out_what_it_does_not_know():
    assert str(DeclarationError("is empty", source="topic lab/x/stop")) == "topic lab/x/stop: is empty"


@pytest.mark.parametrize("name", [name for name, _ in inspect.getmembers(errors, inspect.isclass)])
def test_each_error_stands_in_the_tree_and_in_its_drawing(name):
    assert issubclass(getattr(errors, name), LabAgentsError)
    assert name in errors.__doc__
