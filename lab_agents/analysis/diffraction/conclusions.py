"""From a pattern to what it says: phase fractions, the perovskite's lattice and the size of its crystallites."""

import math
from dataclasses import dataclass

import numpy as np

from lab_agents.analysis.concluded import Concluded, Conclusions, Missing
from lab_agents.analysis.diffraction.composition import UNKNOWN, fill_sites
from lab_agents.analysis.diffraction.crystallite import crystallite_size
from lab_agents.analysis.diffraction.fractions import Fraction, phase_fractions
from lab_agents.analysis.diffraction.parameters import Expected
from lab_agents.analysis.diffraction.pattern import Array, Pattern, read_film
from lab_agents.analysis.diffraction.reference_text import PREFIX, parse_reference
from lab_agents.analysis.diffraction.rivals import check_rivals
from lab_agents.analysis.diffraction.search import Found, search_phases
from lab_agents.analysis.diffraction.standard import read_standard
from lab_agents.analysis.diffraction.structures import PEROVSKITE
from lab_agents.analysis.errors import UnusableError
from lab_agents.analysis.evidence import SILICON, Evidence

NAME = "full_pattern"

UNDECIDED = 0.03
"""Deviation of the perovskite fraction from counting alone above which a longer scan is asked for."""

CLEAR = 5.0
"""Ratio of a phase's amount to its deviation from which its lattice and widths are concluded."""

FOREIGN = 25.0
"""Weighted squared residuals per point from which phases are in the film that nobody knows: a structure whose strong
lines are wrong by a tenth gives about 2, a missing strong line a hundred."""

LATTICE_MODEL = 2e-4
"""Relative systematic error of the lattice: the scale of the goniometer and the wavelength (assumption)."""


@dataclass(frozen=True)
class PatternFit:
    """A fitted pattern, for reports. All arrays have the shape (n,) of `two_theta` (degrees).

    Attributes:
        two_theta: Grid.
        counts: As measured.
        calculated: As fitted.
        background: Its part that is no line.
        contributions: Its lines, by phase; phases that the pattern does not need are not among them.
        fractions: Volume fractions of all phases that the film could hold.
        lattice: Of the perovskite, pseudo-cubic, angstrom.
        reduced: Weighted squared residuals per point; 1 where the fit is as good as the noise.
    """

    two_theta: Array
    counts: Array
    calculated: Array
    background: Array
    contributions: dict[str, Array]
    fractions: dict[str, Fraction]
    lattice: float
    reduced: float


def fit_pattern(evidence: Evidence) -> PatternFit:
    """Fit a film's pattern; see `conclude_pattern` for what is read from it.

    Raises:
        UnreadableError: If the record, the standard or a reference phase is none.
        UnusableError: If there is nothing in it to fit.
    """
    pattern, found, _ = _search(evidence)
    refined = found.refined
    return PatternFit(
        pattern.two_theta,
        pattern.counts,
        refined.calculated,
        refined.model.background(refined.vector),
        refined.model.contributions(refined.vector),
        phase_fractions(found),
        found.lattice * (1 + refined.value(f"{PEROVSKITE}.strain")),
        refined.reduced,
    )


def conclude_pattern(evidence: Evidence) -> Conclusions:
    """Fractions of phases, lattice and crystallite size of a film, from its diffraction pattern.

    Args:
        evidence: A `PatternRecord`; the composition as made (else the fit is told nothing of it); the day's standard
            pattern under `silicon`, without which no crystallite size is concluded; settings `reference_<phase>` may
            hold CIF texts.

    Raises:
        UnreadableError: If the record, the standard or a reference phase is none.
        UnusableError: If the pattern cannot decide: no counts, a saturated detector, a perovskite fraction that
            counting leaves open by more than `UNDECIDED`, two sets of phases that fit equally (scan longer), or strong
            lines of no known phase.
    """
    pattern, found, standard = _search(evidence)
    if not _is_clear(found):
        return _nothing(found)
    _check_known(pattern, found)
    fractions = phase_fractions(found)
    counting = fractions[PEROVSKITE].counting
    if counting > UNDECIDED:
        raise UnusableError(
            f"Ambiguous: counting leaves the perovskite fraction {fractions[PEROVSKITE].value:.2f} open by "
            f"{counting:.3f}, more than {UNDECIDED:g}. Scan longer."
        )
    check_rivals(pattern, found)
    values = [_fraction(phase, fraction) for phase, fraction in fractions.items()]
    missing = []
    if found.refined.value(f"{PEROVSKITE}.amount") > CLEAR * found.refined.deviation(f"{PEROVSKITE}.amount"):
        values.append(_lattice(found))
        size = crystallite_size(found.refined, standard)
        if isinstance(size, Missing):
            missing.append(size)
        else:
            values.append(Concluded("crystallite", size[0], size[1], "nm", NAME))
    else:
        reason = "The pattern shows no perovskite."
        missing = [Missing("lattice", reason), Missing("crystallite", reason)]
    return Conclusions(tuple(values), tuple(missing))


def _search(evidence: Evidence) -> tuple[Pattern, Found, dict[str, Expected]]:
    pattern = read_film(evidence.raw)
    standard = read_standard(evidence.earlier[SILICON]) if SILICON in evidence.earlier else {}
    others = {
        name.removeprefix(PREFIX): parse_reference(name.removeprefix(PREFIX), str(text))
        for name, text in evidence.settings.items()
        if name.startswith(PREFIX)
    }
    filling = fill_sites(evidence.made.values) or UNKNOWN
    return pattern, search_phases(pattern, filling, standard, others), standard


def _check_known(pattern: Pattern, found: Found) -> None:
    refined = found.refined
    if refined.reduced > FOREIGN:
        misfit = np.convolve((pattern.counts - refined.calculated) * np.sqrt(refined.weight), np.ones(5), "same")
        place = pattern.two_theta[int(np.argmax(np.abs(misfit)))]
        raise UnusableError(
            f"No set of known phases explains the pattern: {refined.reduced:.0f} squared deviations per point where "
            f"{FOREIGN:g} are the limit, worst at {place:.2f}°. Look at the sample and its mounting, then repeat."
        )


def _is_clear(found: Found) -> bool:
    refined = found.refined
    return any(
        refined.value(f"{phase}.amount") > CLEAR * refined.deviation(f"{phase}.amount")
        for phase in refined.layout.phases
    )


def _nothing(found: Found) -> Conclusions:
    reason = "No line of any known phase stands out of the background: the film is missing, amorphous or too thin."
    names = [_property(phase) for phase in found.reflections]
    return Conclusions(missing=tuple(Missing(name, reason) for name in (*names, "lattice", "crystallite")))


def _property(phase: str) -> str:
    return "perovskite_fraction" if phase == PEROVSKITE else f"fraction_{phase}"


def _fraction(phase: str, fraction: Fraction) -> Concluded:
    return Concluded(_property(phase), fraction.value, fraction.deviation, "1", NAME)


def _lattice(found: Found) -> Concluded:
    refined, name = found.refined, f"{PEROVSKITE}.strain"
    value = found.lattice * (1 + refined.value(name))
    return Concluded("lattice", value, value * math.hypot(refined.deviation(name), LATTICE_MODEL), "Å", NAME)
