"""Which analysis understands which kind of measurement."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lab_agents.analysis.concluded import Conclusions
from lab_agents.analysis.electrical import conclude_sheet
from lab_agents.analysis.errors import UnknownKindError
from lab_agents.analysis.evidence import Evidence
from lab_agents.analysis.optical import conclude_spectrum
from lab_agents.analysis.soak import conclude_soak
from lab_agents.analysis.transmission import conclude_transmission

Analysis = Callable[[Evidence], Conclusions]
"""A raw record with what is known of its sample to conclusions; raises an `AnalysisError` where there are none."""


def _conclude_pattern(evidence: Evidence) -> Conclusions:
    # imported here, because it imports pymatgen (seconds), which no other kind needs
    from lab_agents.analysis.diffraction.conclusions import conclude_pattern

    return conclude_pattern(evidence)


ANALYSES: Mapping[str, Analysis] = MappingProxyType(
    {
        "pattern": _conclude_pattern,
        "sheet": conclude_sheet,
        "soak": conclude_soak,
        "spectrum": conclude_spectrum,
        "transmission_trace": conclude_transmission,
    }
)
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
