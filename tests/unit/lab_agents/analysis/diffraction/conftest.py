"""Films whose patterns another program makes, and what is concluded from them; shared because a fit takes a second."""

from collections.abc import Mapping

import numpy as np
import pytest

from lab_agents.analysis.evidence import Evidence
from lab_agents.benchmarks.foreign_patterns import Film, make_pattern
from lab_agents.records.sample import AsMade

MADE = {"cs": 0.1, "fa": 0.8, "ma": 0.1, "pb": 0.5, "sn": 0.5, "i": 0.9, "br": 0.1, "cl": 0.0}

FILM = Film(
    made=MADE,
    shares={"perovskite": 0.90, "pbi2": 0.06, "delta_fa": 0.04},
    lattice=6.27,
    texture={"perovskite": 0.7, "pbi2": 0.5},
    size={"perovskite": 60.0},
    displacement=0.04,
    zero=0.01,
)


def evidence_of(raw: bytes, made: Mapping[str, float] = MADE, **given: object) -> Evidence:
    """Evidence with a composition known to 0.6 %; `given` are its other fields."""
    fields = {"settings": {}, "made": AsMade(values=made, deviations=dict.fromkeys(made, 0.006))} | given
    return Evidence(raw, **fields)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def film() -> Film:
    """A perovskite with lead iodide and yellow formamidinium lead iodide."""
    return FILM


@pytest.fixture(scope="session")
def raw(film: Film) -> bytes:
    """Its pattern."""
    return make_pattern(film, np.random.default_rng(1))


@pytest.fixture(scope="session")
def evidence(raw: bytes) -> Evidence:
    """The pattern with its composition."""
    return evidence_of(raw)
