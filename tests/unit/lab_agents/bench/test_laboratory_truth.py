"""The simulated laboratory without its wires."""

import json
from pathlib import Path

import numpy as np
import pytest

from instruments.lab import read_laboratory
from lab_agents.bench.laboratory_truth import LaboratoryTruth
from lab_agents.errors import DeclarationError
from lab_agents.records.space import Candidate
from lab_agents.tables import Material, Table
from planners.protocols import Learned, Refused

LABORATORY = read_laboratory(Path(__file__).parents[4] / "deployment" / "labs" / "opv_replay.yaml")
NAMES = ("PCE10", "P3HT", "PCBM", "oIDTBR")


def _table() -> Table:
    points = [
        (i / 4, j / 4, k / 4, (4 - i - j - k) / 4) for i in range(5) for j in range(5 - i) for k in range(5 - i - j)
    ]
    return Table(NAMES, "degradation", tuple(Material(p, (0.1 + 0.6 * p[0] + 0.1 * p[1],)) for p in points), "0" * 64)


def _truth(line: str = "line_a") -> LaboratoryTruth:
    return LaboratoryTruth(LABORATORY, _table(), line, is_simplex=True)


def _candidate(*values: float) -> Candidate:
    return Candidate(values=dict(zip(NAMES, values, strict=True)))


def test_the_same_sample_gives_the_same_raw_data() -> None:
    """Draws are keyed by the sample's tokens, not by the order of calls."""
    truth = _truth()
    volumes, _ = truth.make("s-0001", _candidate(0.25, 0.25, 0.25, 0.25))
    truth.observe("s-0002", _candidate(0.5, 0.5, 0.0, 0.0))
    assert _truth().measure("s-0001", volumes) == truth.measure("s-0001", volumes)
    assert truth.measure("s-0003", volumes) != truth.measure("s-0001", volumes)


def test_the_raw_record_is_what_the_tester_records() -> None:
    """The fields that the analysis of light-soak traces reads, with the digits of the wire."""
    truth = _truth()
    record = json.loads(truth.measure("s-0001", truth.make("s-0001", _candidate(0.5, 0.5, 0.0, 0.0))[0]))
    assert sorted(record) == ["offset", "span", "tau", "time", "transmission"]
    assert record["time"][-1] == 3600.0
    assert all(round(t, 7) == t for t in record["transmission"])


def test_values_and_compositions_are_as_uncertain_as_they_say() -> None:
    """Over all blends the errors of value and composition are of the size of their deviations."""
    truth, errors, shares = _truth(), [], []
    for number, material in enumerate(_table().materials):
        candidate = _candidate(*material.inputs)
        learned = truth.observe(f"s-{number:04d}", candidate)
        assert isinstance(learned, Learned)
        found = learned.outcomes["degradation"]
        errors.append((found.value - material.mean) / found.deviation)
        volumes, made = truth.make(f"s-{number:04d}", candidate)
        for name, volume in zip(NAMES, volumes, strict=True):
            if made.deviations[name] > 0 and 0 < made.values[name] < 1:
                shares.append((made.values[name] - volume / sum(volumes)) / made.deviations[name])
    assert np.std(errors) == pytest.approx(1.0, abs=0.35)
    assert np.std(shares) == pytest.approx(1.0, abs=0.35)


def test_a_line_refuses_what_its_limits_forbid() -> None:
    """line_b doses no volume between zero and five microlitres; a zero is no dose."""
    small, none = _candidate(0.02, 0.48, 0.5, 0.0), _candidate(0.0, 0.5, 0.5, 0.0)
    assert _truth("line_b").observe("s-0001", small) == Refused((0.02, 0.48, 0.5, 0.0), ("line_b",))
    assert isinstance(_truth("line_b").observe("s-0002", none), Learned)
    assert isinstance(_truth("line_a").observe("s-0003", small), Learned)


def test_an_unknown_line_is_refused() -> None:
    """Before anything is made."""
    with pytest.raises(DeclarationError, match="line_x"):
        _truth("line_x")
