import csv

import pytest

from lab_agents.messages import course, work
from lab_agents.records.proposal import Proposal, ProposedCandidate
from lab_agents.records.space import Candidate
from lab_agents.store.export.samples import export_samples


def rows_of(path):
    """The table as a spreadsheet reads it."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_asked_made_and_observed_stand_in_one_row(written, tmp_path):
    """With deviations, units and the raw data's address."""
    assert export_samples(written, tmp_path / "samples.csv") == 2
    first = rows_of(tmp_path / "samples.csv")[0]
    assert (first["sample"], first["made_by"], first["place"]) == ("first-0001", "line", "rack_1")
    assert float(first["asked_x"]) == 0.2
    assert float(first["made_x"]) == pytest.approx(0.21)
    assert float(first["value"]) == pytest.approx(0.0441)
    assert (first["property"], first["unit"], len(first["raw"])) == ("loss", "1", 64)


def test_numbers_survive_the_table_bit_for_bit(written, tmp_path):
    """A float's shortest text reads back as the same float."""
    export_samples(written, tmp_path / "samples.csv")
    assert float(rows_of(tmp_path / "samples.csv")[0]["made_x"]) == 0.2 + 0.01


def test_what_was_only_proposed_has_no_made_and_observed_columns(book, tmp_path):
    """Empty, not zero; a failed sample says why."""
    candidate = ProposedCandidate(sample="first-0003", candidate=Candidate(values={"x": 0.5}))
    proposal = Proposal(number=2, planner="random", candidates=(candidate,), inputs="0" * 64, seed=0)
    book.add("planning", course.ProposalMade(proposal=proposal), cause=1)
    book.add("line", work.SampleQuarantined(sample="first-0003", work="make-first-0003", reason="vial broke, sadly"))
    export_samples(book.state, tmp_path / "samples.csv")
    last = rows_of(tmp_path / "samples.csv")[-1]
    assert (last["asked_x"], last["made_x"], last["value"]) == ("0.5", "", "")
    assert last["quarantined"] == "vial broke, sadly"


def test_another_campaigns_samples_are_left_out(written, tmp_path):
    """Only the header remains."""
    assert export_samples(written, tmp_path / "samples.csv", "second") == 0
    assert rows_of(tmp_path / "samples.csv") == []
