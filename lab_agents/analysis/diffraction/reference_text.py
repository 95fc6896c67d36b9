"""Reference phases that a laboratory brings itself: crystallographic information files as text."""

import warnings

from lab_agents.analysis.diffraction.reflections import Reflections, reflect
from lab_agents.analysis.diffraction.structures import FORMS
from lab_agents.analysis.errors import UnreadableError

PREFIX = "reference_"
"""Settings of this prefix and a phase's name hold the text of its structure, in place of the built-in one."""


def parse_reference(phase: str, text: str) -> Reflections:
    """The reflections of a phase from the text of a CIF.

    Args:
        phase: One of `FORMS`, which gives its texture and its model error.
        text: The file's text.

    Raises:
        UnreadableError: If there is no such phase, or the text is no structure.
    """
    if phase not in FORMS:
        raise UnreadableError(f"There is no reference phase {phase!r}; known are {', '.join(FORMS)}.")
    from pymatgen.io.cif import CifParser  # slow to import, and few laboratories need it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parser guesses at what a file leaves open, and warns
            structures = CifParser.from_str(text).parse_structures(primitive=False)
    except (ValueError, LookupError, AttributeError, TypeError, AssertionError, ArithmeticError) as error:
        raise UnreadableError(f"Reference phase {phase} does not parse as a CIF: {error}. Mend the file.") from error
    if not structures:
        raise UnreadableError(f"Reference phase {phase} holds no structure. Mend the file.")
    structure = structures[0]
    sites = [
        (
            tuple((getattr(species, "symbol", str(species)), float(share)) for species, share in site.species.items()),
            (float(site.frac_coords[0]), float(site.frac_coords[1]), float(site.frac_coords[2])),
        )
        for site in structure
    ]
    lattice = structure.lattice
    return reflect(phase, (*lattice.abc, *lattice.angles), sites, FORMS[phase].axis)
