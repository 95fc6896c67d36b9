import re
from pathlib import Path

from lab_agents.messages.entry import KINDS
from lab_agents.store.projection_tables import PROJECTIONS
from lab_agents.store.reader import StoreReader
from tests.logbook import LogBook
from tests.small_campaign import write_campaign

PAGE = (Path(__file__).parents[2] / "docs" / "data-flow.md").read_text()


def test_the_program_of_the_page_prints_each_observed_sample(tmp_path, capsys):
    """As it stands, with STATE filled in."""
    book = write_campaign(LogBook(tmp_path / "state"))
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(program, {"STATE": str(book.state)})
    book.close()
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["first-0001", "first-0002"]


def test_every_kind_table_and_question_that_the_page_names_exists():
    """A page that names what is gone misleads."""
    words = set(re.findall(r"`([A-Z][A-Za-z]+)`", PAGE))
    assert words - set(KINDS) <= {"StoreReader"}
    for row in PROJECTIONS:
        assert f"`{row.__tablename__}`" in PAGE
    for name in re.findall(r"`(\w+)\(\)`", PAGE):
        assert hasattr(StoreReader, name)
