"""How the starts of steps are measured."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from instruments.lab import read_laboratory
from lab_agents.benchmarks.dispatch import HOLDER, N_INSTRUMENTS, Dispatch, generate_load, processor_seconds

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_generated_laboratory_has_fifty_lamps_with_a_blank_in_each(tmp_path: Path) -> None:
    path = tmp_path / "load.yaml"
    path.write_text(yaml.safe_dump(generate_load()))
    laboratory = read_laboratory(path)
    lamps = {name for name in laboratory.instruments if name.startswith("lamp_")}
    places = {place.name: place.instrument for place in laboratory.places}
    assert {places[standard.place] for standard in laboratory.standards} == lamps
    assert len(lamps) == N_INSTRUMENTS
    assert laboratory.agents[HOLDER].instruments == ()


@pytest.mark.parametrize(("seconds", "rate"), [([0.0, 0.5, 1.0], 2.0), ([0.0], 0.0), ([], 0.0)])
def test_the_rate_is_that_from_the_first_start_to_the_last(seconds: list[float], rate: float) -> None:
    starts = [BEGUN + timedelta(seconds=s) for s in seconds]
    assert Dispatch(50, starts, [0.1] * len(starts), 0, {}).rate == rate


def test_what_processes_have_used_never_shrinks() -> None:
    before = processor_seconds({"own": os.getpid()})
    after = processor_seconds({"own": os.getpid()})
    assert before.keys() == {"benchmark", "own"}
    assert all(after[name] >= before[name] >= 0.0 for name in before)
