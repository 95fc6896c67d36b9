"""Raw records and settings are read once, and refused with the reason."""

import math

import pytest

from lab_agents.analysis.errors import UnreadableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.analysis.reading import find_setting, read_record
from lab_agents.analysis.soak import SoakTrace
from lab_agents.records.sample import AsMade


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"", "record: Invalid JSON"),
        (b'{"time": [0.0, 1.0]}', "irradiance: Field required"),
        (b'{"time": [0.0, 1.0], "irradiance": [1.0, NaN]}', "irradiance.1: "),
    ],
)
def test_a_foreign_record_is_refused_with_its_noun_and_place(raw: bytes, place: str) -> None:
    """No JSON, a field too few, a number that is none."""
    with pytest.raises(UnreadableError, match=f"no soak record: {place}"):
        read_record(SoakTrace, raw, "soak record")


@pytest.mark.parametrize("value", [0, -1.0, math.inf, math.nan, "30"])
def test_a_setting_that_is_no_positive_number_is_refused(value: float | str) -> None:
    """One that does not stand there is None, which the caller judges."""
    evidence = Evidence(b"", {"exposure": value}, AsMade(values={}, deviations={}))
    with pytest.raises(UnreadableError, match="The setting exposure is"):
        find_setting(evidence, "exposure")
    assert find_setting(evidence, "side") is None
