import json

from lab_agents.auditing.ledger import read_ledger


def line(number, action="dose", token="a" * 16) -> str:
    """A ledger line."""
    return json.dumps({"number": number, "instrument": "d", "token": token, "action": action, "details": {}}) + "\n"


def test_a_missing_ledger_is_none(tmp_path):
    """A real laboratory keeps none."""
    assert read_ledger(tmp_path / "ledger.jsonl") is None


def test_acts_are_counted_and_other_lines_are_not(tmp_path):
    """A halt and a power-on move nothing that was ordered."""
    path = tmp_path / "ledger.jsonl"
    path.write_text(line(1, "power_on", "") + line(2) + line(3) + line(4, "halt"))
    ledger = read_ledger(path)
    assert (ledger.n_lines, len(ledger.acts), ledger.faults) == (4, 2, ())
    assert [one.number for one in ledger.by_token["a" * 16]] == [2, 3]


def test_a_cut_line_is_not_written_and_a_bad_one_is_a_fault(tmp_path):
    """Only the last can have been cut."""
    path = tmp_path / "ledger.jsonl"
    path.write_text(line(1) + "{}\n" + line(3) + '{"number": 4')
    ledger = read_ledger(path)
    assert [one.number for one in ledger.acts] == [1, 3]
    assert len(ledger.faults) == 1
    assert "line 2 cannot be read" in ledger.faults[0]


def test_a_missing_and_a_doubled_number_are_faults(tmp_path):
    """Numbers are dense from 1."""
    path = tmp_path / "ledger.jsonl"
    path.write_text(line(1) + line(3) + line(3))
    assert read_ledger(path).faults == ("line 2 has number 3; lines are missing or doubled",)
