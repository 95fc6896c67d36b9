"""The store of this package keeps the contract that a store of your own would have to keep."""

from pathlib import Path
from typing import Any

import pytest

from lab_agents.store.projections import project
from lab_agents.store.writer import LogWriter
from tests.contracts.store import StoreContract


class TestSqlite(StoreContract):
    """One file of SQLite."""

    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Any:
        """Opens the file again; all are closed at the end."""
        opened: list[LogWriter] = []

        def open_one(lab: str = "lab") -> LogWriter:
            opened.append(LogWriter(tmp_path / "store.sqlite", lab, project))
            return opened[-1]

        yield open_one
        for store in opened:
            store.close()
