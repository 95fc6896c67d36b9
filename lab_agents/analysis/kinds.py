"""Which analysis understands which kind of measurement."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lab_agents.analysis.concluded import Concluded
from lab_agents.analysis.errors import UnknownKindError
from lab_agents.analysis.transmission import conclude_transmission

Analysis = Callable[[bytes], Concluded]
"""Raw bytes to a conclusion; raises an `AnalysisError` where there is none."""

ANALYSES: Mapping[str, Analysis] = MappingProxyType({"transmission_trace": conclude_transmission})
"""By the `kind` of a `Measurement`."""


def find_analysis(kind: str) -> Analysis:
    """The analysis of a kind of measurement.

    Raises:
        UnknownKindError: If there is none; names those that there are.
    """
    analysis = ANALYSES.get(kind)
    if analysis is None:
        raise UnknownKindError(f"No analysis understands {kind!r}; known are {', '.join(sorted(ANALYSES))}.")
    return analysis
