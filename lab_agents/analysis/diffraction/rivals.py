"""Whether another set of phases would explain the pattern as well, and mean another film."""

from lab_agents.analysis.diffraction.fractions import phase_fractions
from lab_agents.analysis.diffraction.pattern import Pattern
from lab_agents.analysis.diffraction.search import Found, exchange_phase
from lab_agents.analysis.diffraction.structures import PEROVSKITE
from lab_agents.analysis.errors import UnusableError

EQUAL = 6.0
"""Difference of χ² below which two sets of phases fit equally: odds of twenty to one."""

APART = 0.03
"""Difference of the perovskite fraction from which it matters which set is right."""

SURE = 400.0
"""Amount over its deviation, squared, from which no other phase can take a phase's place."""


def check_rivals(pattern: Pattern, found: Found) -> None:
    """Exchange each weak phase for each absent one, and compare.

    Raises:
        UnusableError: If an exchange fits equally and changes the perovskite fraction by more than `APART`.
    """
    refined = found.refined
    ours = phase_fractions(found)[PEROVSKITE].value
    for phase in refined.layout.phases:
        amount, deviation = refined.value(f"{phase}.amount"), refined.deviation(f"{phase}.amount")
        if phase == PEROVSKITE or amount**2 > SURE * deviation**2:
            continue
        for rival in exchange_phase(pattern, found, phase, EQUAL):
            theirs = phase_fractions(rival)[PEROVSKITE].value
            if abs(theirs - ours) > APART:
                names = " + ".join(rival.refined.layout.phases)
                raise UnusableError(
                    f"Ambiguous: {' + '.join(refined.layout.phases)} with a perovskite fraction of {ours:.2f} and "
                    f"{names} with {theirs:.2f} fit equally (χ² {refined.chi2:.0f} and {rival.refined.chi2:.0f}). "
                    "Scan longer."
                )
