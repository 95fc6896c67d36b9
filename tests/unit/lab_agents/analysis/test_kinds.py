"""Which analysis understands what."""

import pytest

from lab_agents.analysis.errors import AnalysisError, UnknownKindError
from lab_agents.analysis.kinds import ANALYSES, find_analysis


def test_every_kind_refuses_an_empty_blob_with_its_own_error() -> None:
    """Each analysis is callable with raw bytes."""
    for kind in ANALYSES:
        with pytest.raises(AnalysisError, match="no transmission trace"):
            find_analysis(kind)(b"")


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    """The message helps to spell it."""
    with pytest.raises(UnknownKindError, match="'x_ray'; known are transmission_trace"):
        find_analysis("x_ray")
