"""The generated laboratory of the stop benchmark, and how its stops are judged."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml

from instruments.lab import read_laboratory
from lab_agents.benchmarks.stop import WAYS, Measured, black_holes, generate_laboratory, is_lost, stop_figures
from lab_agents.messages.frames import InstrumentState, StopRequest
from lab_agents.stop_report import InstrumentStop, StopReport

AT = datetime(2026, 1, 1, tzinfo=UTC)


def stop(way, delay=0.1, lost="unreachable"):
    request = StopRequest(id="stop-1", person="ada", reason="x", at=AT)
    near = InstrumentStop(
        written_at=None if delay is None else AT + timedelta(seconds=delay),
        state=InstrumentState(state="not confirmed", detail="safe so far"),
    )
    far = InstrumentStop(written_at=None, state=InstrumentState(state=lost))
    found = {"probe_1": near, "probe_lost_1": far}
    return Measured(
        way,
        StopReport(stop=request, machine="main", heard_at=AT, latched_at=AT, killed_at=AT, instruments=found),
    )


def test_the_generated_laboratory_has_fifty_instruments_over_four_protocols_of_which_ten_are_lost(tmp_path):
    with black_holes() as holes:
        (tmp_path / "lab.yaml").write_text(yaml.safe_dump(generate_laboratory(holes)))
        laboratory = read_laboratory(tmp_path / "lab.yaml")
    schemes = {declared.address.partition(":")[0] for declared in laboratory.instruments.values()}
    assert schemes == {"modbus", "opc.tcp", "ca", "scpi"}
    assert (len(laboratory.instruments), sum(map(is_lost, laboratory.instruments))) == (50, 10)
    assert all(laboratory.owner(name) for name in laboratory.instruments)


@pytest.mark.parametrize(("delay", "verdict"), [(0.1, "passed"), (0.3, "failed"), (None, "failed")])
def test_a_stop_that_is_late_or_never_acknowledged_fails(delay, verdict):
    rows = stop_figures([stop(way, delay) for way in WAYS])
    assert [row.verdict for row in rows[:3]] == [verdict] * 3


def test_an_unreachable_instrument_that_is_called_safe_fails():
    assert stop_figures([stop(way, lost="safe at") for way in WAYS])[-1].verdict == "failed"
    assert stop_figures([stop(way) for way in WAYS])[-1].verdict == "passed"
