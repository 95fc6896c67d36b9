"""Which analysis understands what."""

import pytest

from lab_agents.analysis.errors import UnknownKindError, UnreadableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.analysis.kinds import ANALYSES, find_analysis, properties_of
from lab_agents.records.sample import AsMade


@pytest.mark.parametrize("kind", sorted(set(ANALYSES) - {"pattern"}))
def test_every_kind_refuses_an_empty_blob_with_its_own_error(kind: str) -> None:
    """Measuring again would not help; the pattern, whose module is slow to import, has its own test of it."""
    evidence = Evidence(b"", {}, AsMade(values={}, deviations={}), wanted=(("loss", "1"),))
    with pytest.raises(UnreadableError, match="This is no"):
        find_analysis(kind)(evidence)


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    """The message helps to spell it."""
    with pytest.raises(UnknownKindError, match="'x_ray'; known are pattern, "):
        find_analysis("x_ray")


def test_a_second_spectrum_gives_what_the_first_cannot() -> None:
    """What light did to the film; a soak alone gives the dose."""
    assert properties_of(("spectrum",)) == {"gap": "eV"}
    assert properties_of(("spectrum", "soak", "spectrum")).keys() >= {"gap", "dose", "gap_shift", "kept"}
