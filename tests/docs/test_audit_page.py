import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab_agents.audit import audit
from lab_agents.auditing.ledger import NOT_ACTS
from lab_agents.store.schema import METADATA
from tests.logbook import LogBook
from tests.small_campaign import write_campaign, write_ledger

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()


@pytest.fixture
def book(tmp_path: Path):
    """A whole small campaign in which everything agrees."""
    book = write_campaign(LogBook(tmp_path / "state"))
    yield book
    book.close()


def run_foreign_program(state: Path) -> str:
    """The page's own program, run as a process of its own."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", program, str(state)], check=True, capture_output=True, text=True)
    return done.stdout


def test_the_foreign_program_of_the_page_finds_nothing_where_the_audit_finds_nothing(book):
    """It shares no line with the audit."""
    assert audit(book.state).agrees
    assert run_foreign_program(book.state) == ""


def test_the_foreign_program_of_the_page_finds_what_the_audit_finds(book):
    """A dose given twice and a movement that nobody ordered."""
    first = (book.state / "simulator" / "ledger.jsonl").read_text().splitlines()[0]
    token = re.search(r'"token": "(\w+)"', first)[1]
    write_ledger(book, "dispenser", token, "new_vial")
    write_ledger(book, "arm", "f" * 16, "transfer")
    assert not audit(book.state).agrees
    told = run_foreign_program(book.state)
    assert f"{token}: new_vial on dispenser moved 2 times" in told
    assert "line 10: arm did transfer, and no task had planned it" in told


def test_the_page_names_every_check_of_the_audit(book):
    """So that a finding can be looked up."""
    for check in audit(book.state).checks:
        assert f"| {check.name} |" in PAGE


def test_the_page_names_every_column_of_the_log():
    """And the tables beside it."""
    for column in METADATA.tables["log"].columns:
        assert f"`{column.name}`" in PAGE
    for table in ("source", "lease"):
        assert f"**Table `{table}`**" in PAGE
    assert all(f"`{action}`" in PAGE for action in NOT_ACTS)
