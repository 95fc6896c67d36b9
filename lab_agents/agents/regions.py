"""Where in its design space a candidate lies, as workers place their successes and failures."""

from collections.abc import Mapping
from itertools import chain

from lab_agents.records.space import Candidate, DesignSpace


def place_of(space: DesignSpace, candidate: Candidate) -> Mapping[str, float]:
    """The parameters that decide how hard a candidate is to make, each scaled to its range.

    These are the settings of the process; where a space has none but fractions of a whole, the fractions.
    """
    fractions = set(chain.from_iterable(space.simplices))
    process = [p for p in space.parameters if p.name not in fractions] or list(space.parameters)
    return {
        p.name: (candidate.values[p.name] - p.lower) / (p.upper - p.lower)
        for p in process
        if p.name in candidate.values
    }
