"""Approving and denying from the command line."""

import json

import pytest

from lab_agents.cli import main, submitting
from lab_agents.messages.commands import DenyApproval, GiveApproval
from lab_agents.messages.course import WorkAwarded
from lab_agents.messages.entry import read_entry
from lab_agents.messages.frames import unpack_frame
from lab_agents.state_folder import write_json
from tests.told_campaign import Telling, example, write_state

WORK = "make-opv_blend-0001"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A laboratory whose first award waits for ada; its broker is gone, so that frames stay."""
    telling = Telling(example())
    telling.open()
    telling.batch(1, [("opv_blend-0001", {"PCE10": 0.25, "P3HT": 0.75, "PCBM": 0.0, "oIDTBR": 0.0}, None)])
    award = WorkAwarded(
        work=WORK, round=2, bidder="line_a", bid=1, score=1.0, reason="the only bid",
        needs_approval=True, asked_because="it is one of the first 4 samples", approvers=("ada",),
    )  # fmt: skip
    telling.add(award, "planning", "opv_blend-0001")
    folder = write_state(tmp_path / "state", telling.log)
    write_json(folder.runtime, {"broker": "mqtt://127.0.0.1:9"})
    monkeypatch.setattr(submitting, "REACH", 0.1)
    return folder


def call(folder, *arguments):
    with pytest.raises(SystemExit) as left:
        main(["approve", *arguments, "--state", str(folder.path)])
    return left.value.code


def said(folder):
    (path,) = folder.once.glob("*.frame")
    return read_entry(unpack_frame(path.read_bytes())[1]).record


def test_an_approval_is_of_the_round_that_waits(folder, capsys):
    assert call(folder, WORK, "--person", "ada", "--note", "go") == 5
    assert "is kept, and sent when it runs again" in capsys.readouterr().err
    assert said(folder) == GiveApproval(work=WORK, round=2, person="ada", note="go")


def test_a_denial_carries_its_reason(folder):
    assert call(folder, WORK, "--person", "ada", "--deny", "--reason", "too thick") == 5
    assert said(folder) == DenyApproval(work=WORK, round=2, person="ada", reason="too thick")


def test_somebody_who_is_not_asked_is_refused_and_nothing_is_sent(folder, capsys):
    assert call(folder, WORK, "--person", "eve") == 10
    assert f"eve may not decide on {WORK}: campaign opv_blend asks ada." in capsys.readouterr().err
    assert not list(folder.once.glob("*.frame"))


def test_work_that_does_not_wait_is_refused_with_what_does(folder, capsys):
    assert call(folder, "make-x", "--person", "ada") == 10
    assert f"No award of make-x waits for an approval. Waiting are {WORK}." in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [(WORK, "--deny"), (WORK, "--reason", "r"), ("--deny", "--reason", "r")])
def test_a_denial_without_a_reason_or_a_work_is_a_usage_error(folder, arguments):
    assert call(folder, *arguments) == 2


def test_without_a_work_it_tells_what_waits(folder, capsys):
    assert call(folder) == 0
    assert capsys.readouterr().out == (
        f"{WORK} waits for the approval of ada: line_a would make PCE10 25.0 %, P3HT 75.0 %; "
        f"it is one of the first 4 samples\n  lab-agents approve {WORK}\n"
    )
    assert call(folder, "--json") == 0
    (award,) = json.loads(capsys.readouterr().out)["awaited"]
    assert (award["work"], award["round"], award["approvers"]) == (WORK, 2, ["ada"])
