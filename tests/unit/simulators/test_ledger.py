"""The ledger on disk."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import LedgerError
from simulators.ledger import Ledger, LedgerLine, read_ledger

AT = "2026-01-01T00:00:00+00:00"


def line(number: int, **details: float | int | str) -> LedgerLine:
    """A dose."""
    return LedgerLine(number, AT, AT, "dispenser_a", f"{number:016x}", 3, "dose", details)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger stands."""
    return tmp_path / "ledger.jsonl"


@given(
    st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)),
    st.integers(0, 2**31),
)
def test_a_line_reads_back_as_it_was_written(tmp_path_factory, details, epoch) -> None:
    """Property: to JSON and back is the identity."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    ledger = Ledger(path)
    written = LedgerLine(1, AT, AT, "coater_a", "0" * 16, epoch, "coat", details)
    ledger.append(written)
    ledger.close()
    assert read_ledger(path) == (written,)


def test_a_line_is_one_json_object_with_the_documented_fields(path) -> None:
    """A foreign program reads it without our code."""
    ledger = Ledger(path)
    ledger.append(line(1, channel=1, asked=20.0))
    ledger.close()
    (raw,) = path.read_text().splitlines()
    fields = ["number", "at", "wall", "instrument", "token", "epoch", "action", "details"]
    assert list(json.loads(raw)) == fields


def test_it_goes_on_where_it_stopped(path) -> None:
    """Numbers are dense over a reopening."""
    first = Ledger(path)
    first.append(line(1))
    first.close()
    second = Ledger(path)
    assert second.head == 1
    assert second.after(0) == (line(1),)
    second.append(line(2))
    second.close()
    assert [entry.number for entry in read_ledger(path)] == [1, 2]


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_line_cut_by_a_power_cut_is_dropped(path, cut) -> None:
    """Its act never took effect, and its number is given again."""
    whole = line(1).to_json()
    path.write_bytes(whole + line(2).to_json()[:-cut])
    assert read_ledger(path) == (line(1),)
    ledger = Ledger(path)
    assert path.read_bytes() == whole
    ledger.append(line(2))
    ledger.close()
    assert read_ledger(path) == (line(1), line(2))


def test_a_number_out_of_order_is_refused(path) -> None:
    """Nothing is written then."""
    ledger = Ledger(path)
    with pytest.raises(LedgerError, match="line 2 cannot follow line 0"):
        ledger.append(line(2))
    ledger.close()
    assert path.read_bytes() == b""


@pytest.mark.parametrize("damage", [b"no json\n", b'{"number": 1}\n', line(7).to_json()])
def test_a_damaged_ledger_is_refused_with_its_line(path, damage) -> None:
    """Nobody continues a ledger that cannot be believed."""
    path.write_bytes(damage)
    with pytest.raises(LedgerError, match="line 1"):
        Ledger(path)


def test_a_disk_that_takes_nothing_leaves_nothing(path) -> None:
    """The error comes before anything takes effect, and the ledger stays whole."""
    ledger = Ledger(path)
    ledger.append(line(1))
    closed = os.open(path, os.O_RDONLY)
    ledger._file, good = closed, ledger._file  # noqa: SLF001 - a read-only descriptor stands for a read-only disk
    with pytest.raises(OSError, match=r"Bad file descriptor|Invalid argument"):
        ledger.append(line(2))
    ledger._file = good  # noqa: SLF001
    os.close(closed)
    ledger.append(line(2))
    ledger.close()
    assert len(read_ledger(path)) == 2
