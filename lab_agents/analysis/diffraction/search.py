"""Which phases a pattern needs: added one by one while the residuals ask for another."""

from dataclasses import dataclass

import numpy as np

from lab_agents.analysis.diffraction.composition import Filling, expected_lattice, possible_phases
from lab_agents.analysis.diffraction.model import Model
from lab_agents.analysis.diffraction.parameters import Expected, Layout
from lab_agents.analysis.diffraction.pattern import Array, Pattern
from lab_agents.analysis.diffraction.refinement import Refined, refine
from lab_agents.analysis.diffraction.reflections import Reflections, find_reflections, solvate_reflections
from lab_agents.analysis.diffraction.screening import Hint, Templates, find_lattice, hint_phases
from lab_agents.analysis.diffraction.structures import PEROVSKITE, SOLVATE

WORTH = 9.0
"""Fall of χ² that admits a phase, less what is owed to trying several sizes of its cell: three deviations. With five
sizes that is a fall of 12, with thirty one of 15; noise reaches 12 with one of thirty in every tenth pattern."""


@dataclass(frozen=True)
class Found:
    """The phases of a pattern.

    Attributes:
        refined: The fit with all phases that were admitted; the perovskite is always among them.
        absent: What the residuals say of every other possible phase.
        reflections: Of every possible phase.
        lattice: The perovskite's lattice parameter at strain 0, angstrom.
        known: Expectations that replaced the general ones.
        filling: What the mixed sites hold.
        templates: Of the phases that were looked for.
    """

    refined: Refined
    absent: tuple[Hint, ...]
    reflections: dict[str, Reflections]
    lattice: float
    known: dict[str, Expected]
    filling: Filling
    templates: dict[str, Templates]


def search_phases(
    pattern: Pattern, filling: Filling, known: dict[str, Expected], others: dict[str, Reflections]
) -> Found:
    """Fit a pattern with as many phases as it needs.

    Args:
        pattern: The pattern.
        filling: What the mixed sites hold.
        known: Expectations that replace the general ones, by parameter.
        others: Reflections that replace a form's own.
    """
    lattice = expected_lattice(filling)
    reflections = phase_reflections(filling, lattice) | others
    vector = find_lattice(pattern, reflections)
    refined = _refine(pattern, reflections, (PEROVSKITE,), known, vector, None)
    refused: set[str] = set()
    drawn: dict[str, Templates] = {}
    while True:
        hints = hint_phases(refined, reflections, [p for p in reflections if p not in refined.layout.phases], drawn)
        wanted = [h for h in hints if h.worth >= WORTH and h.phase not in refused]
        if not wanted:
            return Found(refined, tuple(hints), reflections, lattice, known, filling, drawn)
        larger = add_phase(pattern, reflections, known, refined, wanted[0])
        gained = refined.chi2 - larger.chi2 - (wanted[0].gain - wanted[0].worth)
        if gained < WORTH or larger.value(f"{wanted[0].phase}.amount") <= 0:
            refused.add(wanted[0].phase)
        else:
            refined = larger


def phase_reflections(filling: Filling, lattice: float) -> dict[str, Reflections]:
    """Reflections of every phase that this film may hold, the perovskite first."""
    found = {PEROVSKITE: find_reflections(PEROVSKITE, filling, round(lattice, 3))}
    for phase in possible_phases(filling)[1:]:
        found[phase] = solvate_reflections() if phase == SOLVATE else find_reflections(phase, filling)
    return found


def add_phase(
    pattern: Pattern,
    reflections: dict[str, Reflections],
    known: dict[str, Expected],
    refined: Refined,
    hint: Hint,
) -> Refined:
    """The fit with one phase more, started from a hint."""
    phases = (*refined.layout.phases, hint.phase)
    layout = Layout(phases, known)
    vector = layout.carry(refined.vector, refined.layout)
    vector[layout.index[f"{hint.phase}.amount"]] = hint.amount
    vector[layout.index[f"{hint.phase}.strain"]] = hint.strain
    return _refine(pattern, reflections, phases, known, vector, refined.weight)


def _refine(
    pattern: Pattern,
    reflections: dict[str, Reflections],
    phases: tuple[str, ...],
    known: dict[str, Expected],
    vector: Array,
    weight: Array | None,
) -> Refined:
    layout = Layout(phases, known)
    model = Model(pattern, {phase: reflections[phase] for phase in phases}, layout)
    return refine(model, np.asarray(vector), weight, 3 if weight is None else 2)


def exchange_phase(pattern: Pattern, found: Found, phase: str, worse: float) -> list[Found]:
    """Fits with another phase in the place of `phase` whose χ² is not higher by more than `worse`."""
    refined, known = found.refined, found.known
    fewer = tuple(p for p in refined.layout.phases if p != phase)
    layout = Layout(fewer, known)
    vector = layout.carry(refined.vector, refined.layout)
    without = _refine(pattern, found.reflections, fewer, known, vector, refined.weight)
    candidates = [p for p in found.reflections if p not in refined.layout.phases]
    lost, drawn = without.chi2 - refined.chi2, dict(found.templates)
    rivals = []
    # A hint underestimates what a refined cell gains, at most by about half.
    for hint in hint_phases(without, found.reflections, candidates, drawn):
        if 2 * hint.gain < lost - worse or hint.amount <= 0:
            continue
        other = add_phase(pattern, found.reflections, known, without, hint)
        if other.chi2 < refined.chi2 + worse and other.value(f"{hint.phase}.amount") > 0:
            hints = hint_phases(
                other, found.reflections, [p for p in found.reflections if p not in other.layout.phases], drawn
            )
            rivals.append(Found(other, tuple(hints), found.reflections, found.lattice, known, found.filling, drawn))
    return rivals
