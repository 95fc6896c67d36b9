"""Which analysis understands which kind of measurement."""

from collections.abc import Callable, Mapping, Sequence
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


GIVES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "pattern": {"perovskite_fraction": "1", "lattice": "Å", "crystallite": "nm"},
        "sheet": {"sheet_resistance": "ohm/sq"},
        "soak": {"dose": "sun min"},
        "spectrum": {"gap": "eV"},
    }
)
"""Kind of measurement → properties that it may give, with their units; a trace gives what the target asks for."""
AGAIN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"spectrum": {"gap_after": "eV", "gap_shift": "eV", "kept": "1"}}
)
"""What more the same kind gives where a campaign takes it a second time."""


def properties_of(measurements: Sequence[str]) -> dict[str, str]:
    """The properties that these measurements of one sample may give, with their units."""
    found: dict[str, str] = {}
    for number, kind in enumerate(measurements):
        found |= GIVES.get(kind, {}) if kind not in measurements[:number] else AGAIN.get(kind, {})
    return found


def find_analysis(kind: str) -> Analysis:
    """The analysis of a kind of measurement.

    Raises:
        UnknownKindError: If there is none; names those that there are.
    """
    analysis = ANALYSES.get(kind)
    if analysis is None:
        raise UnknownKindError(f"No analysis understands {kind!r}; known are {', '.join(sorted(ANALYSES))}.")
    return analysis
