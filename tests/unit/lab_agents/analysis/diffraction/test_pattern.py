"""The raw record, and what is refused."""

import json

import numpy as np
import pytest

from lab_agents.analysis.diffraction.pattern import read_film, read_pattern
from lab_agents.analysis.errors import UnreadableError, UnusableError

FIELDS = {"start": 8.0, "step": 0.02, "time_per_step": 0.5, "wavelengths": [1.540593, 1.544414], "ratio": 0.5}
COUNTS = np.random.default_rng(0).poisson(100, 1850).tolist()


def record(**changes: object) -> bytes:
    return json.dumps(FIELDS | {"radius": 240.0, "counts": COUNTS} | changes).encode()


def test_a_pattern_gets_its_angles_from_start_and_step() -> None:
    """Points reach from start to start + (n - 1) step."""
    pattern = read_pattern(record())
    assert pattern.two_theta[[0, -1]] == pytest.approx([8.0, 44.98])
    assert pattern.counts.tolist() == COUNTS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": [*COUNTS[:5], -3, *COUNTS[6:]]}, r"count 5 at 8\.10° is -3"),
        ({"counts": [*COUNTS[:5], 1.5, *COUNTS[6:]]}, "counts.5"),
        ({"counts": [*COUNTS[:5], float("nan"), *COUNTS[6:]]}, "no diffraction pattern"),
        ({"counts": None}, "counts"),
        ({"counts": []}, r"spans 0\.0°"),
        ({"counts": COUNTS[:300]}, r"spans 6\.0°.*Scan farther"),
        ({"wavelengths": [15.4, 15.4]}, "wavelengths"),
        ({"step": 0.5}, "step"),
    ],
)
def test_what_is_no_pattern_is_refused_with_its_reason(changes: dict[str, object], message: str) -> None:
    """Measuring again with the same settings would not help."""
    with pytest.raises(UnreadableError, match=message) as caught:
        read_pattern(record(**changes))
    assert not caught.value.may_help


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([0] * 1850, "shutter"),
        ([1] * 1000 + [0] * 850, "1000 counts; 2000 are the least"),
        ([*COUNTS[:300], 65535, 65535, 65535, 65535, *COUNTS[304:]], r"4 neighbouring points from 14\.00°.*saturated"),
        ([7] * 1850, "Every count of the pattern is 7"),
    ],
)
def test_a_dark_faint_or_saturated_pattern_asks_for_another(counts: list[int], message: str) -> None:
    """Something must be changed, then measuring again helps."""
    with pytest.raises(UnusableError, match=message) as caught:
        read_pattern(record(counts=counts))
    assert caught.value.may_help


@pytest.mark.parametrize("changes", [{"start": 14.0}, {"counts": COUNTS[:1000]}, {"start": 40.0}])
def test_a_films_pattern_must_hold_the_perovskites_first_lines(changes: dict[str, object]) -> None:
    """From 13.0° to 29.8° with copper."""
    with pytest.raises(UnreadableError, match=r"must hold 13\.0° to 29\.8°.*Scan farther"):
        read_film(record(**changes))


def test_what_lies_beyond_the_finest_spacing_is_left_out() -> None:
    """A scan to 82° is fitted to 47°."""
    pattern = read_film(record(counts=COUNTS + COUNTS))
    assert pattern.two_theta[-1] == pytest.approx(47.0, abs=0.1)
    assert len(pattern.counts) == len(pattern.two_theta)
