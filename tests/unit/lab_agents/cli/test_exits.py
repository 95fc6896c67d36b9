"""Exit codes: which error means which, and that their page says so."""

import re
from pathlib import Path

import pytest

from instruments.errors import InterlockError
from lab_agents import errors
from lab_agents.cli.exits import Exit, exit_of

PAGE = Path(__file__).parents[4] / "docs" / "exit-codes.md"


def test_the_page_lists_exactly_the_codes_that_there_are():
    listed = {
        name: int(code) for code, name in re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", PAGE.read_text(), re.MULTILINE)
    }
    assert listed == {code.name: code.value for code in Exit}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.DeclarationError("x", source="f"), Exit.DECLARATION),
        (errors.TableError("x"), Exit.DECLARATION),
        (errors.StateFolderError("x"), Exit.STATE),
        (errors.LostLeaseError("x"), Exit.STATE),
        (errors.ForeignLogError("x"), Exit.STATE),
        (errors.GuardError("x"), Exit.UNREACHABLE),
        (errors.ReportError("x"), Exit.REFUSED),
        (InterlockError("x", instrument="furnace"), Exit.REFUSED),
        (RuntimeError("x"), Exit.BUG),
    ],
)
def test_each_error_has_its_code(error, code):
    assert exit_of(error) is code


def test_every_error_of_ours_is_more_than_a_bug():
    ours = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.LabAgentsError)]
    for kind in ours:
        assert exit_of(kind.__new__(kind)) is not Exit.BUG
