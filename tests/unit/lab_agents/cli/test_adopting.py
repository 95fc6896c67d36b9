"""Adopting a restored log."""

import pytest

from lab_agents.cli.adopting import adopt_log
from lab_agents.errors import JournalError, StateFolderError
from lab_agents.guard_door import find_guard
from lab_agents.state_folder import locked
from tests.told_campaign import tell_campaign, write_state


@pytest.fixture
def folder(tmp_path):
    folder = write_state(tmp_path / "state", tell_campaign(2, failing=None))
    for name in ("line_a.sqlite", "line_a.sqlite-wal", "line_b.sqlite"):
        (folder.path / "journals" / name).write_bytes(b"x")
    return folder


def test_a_journal_is_put_aside_whole(folder):
    kept = adopt_log(folder.path, "line_a", "Ada Lovelace")
    assert kept.exists()
    assert kept.with_name(kept.name + "-wal").exists()
    assert "Ada-Lovelace" in kept.name
    assert not folder.journal("line_a").exists()
    assert folder.journal("line_b").exists()


def test_an_agent_without_a_journal_is_named_with_those_that_have_one(folder):
    with pytest.raises(JournalError, match="those that have one: line_a, line_b"):
        adopt_log(folder.path, "robot", "Ada")


def test_a_laboratory_that_runs_is_left_alone(folder):
    with locked(folder.guard("main") / "lock"):
        assert find_guard(folder, "main") is not None
        with pytest.raises(StateFolderError, match="End it, then adopt"):
            adopt_log(folder.path, "line_a", "Ada")
    assert folder.journal("line_a").exists()
