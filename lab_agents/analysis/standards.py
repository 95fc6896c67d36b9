"""Standards: numbers that say of the same glass or the same powder whether an instrument still measures what it did.

They are read from the raw record alone, without any model of the instrument, so that nothing is fitted away that a
chart should see.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from lab_agents.analysis.diffraction.pattern import read_pattern
from lab_agents.analysis.errors import AnalysisError, UnknownKindError
from lab_agents.analysis.reading import read_record
from lab_agents.analysis.spectra import Spectrum

NEAR = 0.3
"""Degrees about the strongest line of a standard in which its counts are summed: wider than any instrument's line."""


def transmittance(raw: bytes) -> float:
    """Median transmittance of a blank's spectrum: what lamp and detector make of the same glass."""
    return float(np.median(read_record(Spectrum, raw, "spectrum").transmittance))


def line_position(raw: bytes) -> float:
    """Degrees 2θ of the strongest line of a pattern, as the mean of what was counted within `NEAR`."""
    return _line(raw)[0]


def line_strength(raw: bytes) -> float:
    """Counts per second of the strongest line of a pattern, summed within `NEAR`, above their surroundings."""
    return _line(raw)[1]


def _line(raw: bytes) -> tuple[float, float]:
    pattern = read_pattern(raw)
    peak = float(pattern.two_theta[int(np.argmax(pattern.counts))])
    near = np.abs(pattern.two_theta - peak) <= NEAR
    height = pattern.counts[near] - np.median(pattern.counts)
    position = float(np.average(pattern.two_theta[near], weights=np.maximum(height, 1e-9)))
    return position, float(height.sum()) / pattern.time_per_step


NUMBERS: Mapping[str, tuple[str, Callable[[bytes], float]]] = MappingProxyType(
    {
        "transmittance": ("spectrum", transmittance),
        "line_position": ("pattern", line_position),
        "line_strength": ("pattern", line_strength),
    }
)
"""Name of a number → the kind of measurement that gives it, and how it is read."""


def read_numbers(kind: str, raw: bytes, wanted: Sequence[str]) -> tuple[dict[str, float | None], str]:
    """The wanted numbers of a standard's raw record, and why some are None.

    Args:
        kind: Of the measurement, such as `pattern`.
        raw: Its record.
        wanted: Names of `NUMBERS`.

    Raises:
        UnknownKindError: If there is no such number, or this kind of measurement does not give it.
    """
    values: dict[str, float | None] = {}
    reason = ""
    for name in wanted:
        of, read = NUMBERS.get(name, ("", transmittance))
        if of != kind:
            known = ", ".join(sorted(n for n, (gives, _) in NUMBERS.items() if gives == kind)) or "none"
            raise UnknownKindError(
                f"A standard's {kind} gives no {name!r}; known are: {known}. Correct the limits in the lab file."
            )
        try:
            values[name] = read(raw)
        except AnalysisError as error:
            values[name], reason = None, str(error)
    return values, reason
