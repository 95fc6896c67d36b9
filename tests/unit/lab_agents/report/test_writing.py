"""Writing a report from a state folder."""

import pytest

from lab_agents.errors import ReportError, StateFolderError
from lab_agents.report.stops import StopsTold
from lab_agents.report.writing import write_report
from tests.told_campaign import tell_campaign, write_state


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return write_state(tmp_path_factory.mktemp("told") / "state", tell_campaign(12, failing=5)).path


def test_page_and_table_are_written(state, tmp_path):
    written = write_report(state, tmp_path / "out")
    assert written.page.read_text().startswith("<!doctype html>")
    assert len(written.samples.read_text().splitlines()) == 13
    assert written.truth.best < 0.01
    assert written.stops == StopsTold()


def test_a_table_that_is_gone_costs_only_the_regret(state, tmp_path):
    note = state / "simulator" / "table.json"
    kept = note.read_bytes()
    note.write_bytes(kept.replace(b"data.csv", b"nowhere.csv"))
    try:
        assert write_report(state, tmp_path).truth is None
    finally:
        note.write_bytes(kept)


def test_an_unknown_campaign_is_refused(state, tmp_path):
    with pytest.raises(ReportError, match="Known are opv_blend"):
        write_report(state, tmp_path, "other")


def test_a_place_that_cannot_be_written_is_named(state, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReportError, match="--out"):
        write_report(state, tmp_path / "file" / "report")


def test_a_folder_that_is_no_state_is_refused(tmp_path):
    with pytest.raises(StateFolderError):
        write_report(tmp_path, tmp_path)
