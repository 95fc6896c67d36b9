"""The best film that a world holds: what the regret of campaigns is counted from."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

from lab_agents.records.target import Constraint, Target
from simulators.errors import WorldError
from simulators.world.absorber import World
from simulators.world.film_state import Composition, Process
from simulators.world.process import Processes
from simulators.world.sites import Sites, Values
from simulators.world.truth import ABSORBER

_N_UNITS = 9
_SEEDS = (0, 1, 2)
_AGREEMENT = 1e-3
"""By how much the utilities that the seeds find may differ."""
_MISSING = 1e3
"""Widths by which a property that a film does not have breaks its constraint: further than any value that it has."""
_VERSION = 1
"""Of the laws: raise it when a law changes, or optima of the former ones are read from the cache."""


@dataclass(frozen=True)
class SearchSpace:
    """What may be made: all of A and B, halides within limits, and the process.

    Attributes:
        bromide: Highest share of bromide; 1 with `chloride` 1 opens the whole halide simplex.
        chloride: Highest share of chloride.
        temperature: Anneal, °C.
        duration: Anneal, s.
        speed: 1/min.
        delay: s.
    """

    bromide: float = 0.5
    chloride: float = 0.1
    temperature: tuple[float, float] = (70.0, 150.0)
    duration: tuple[float, float] = (180.0, 2700.0)
    speed: tuple[float, float] = (2000.0, 6000.0)
    delay: tuple[float, float] = (5.0, 30.0)

    def decode(self, units: Values) -> tuple[Sites, Processes]:
        """Recipes from numbers in the unit cube, shape (n, 9); the whole space is reached, not evenly."""
        spread = np.sqrt(units[:, 0])
        a = np.stack([1 - spread, spread * (1 - units[:, 1]), spread * units[:, 1]], axis=1)
        bromide = self.bromide * units[:, 3]
        chloride = np.minimum(self.chloride, 1 - bromide) * units[:, 4]
        x = np.stack([1 - bromide - chloride, bromide, chloride], axis=1)
        limits = (self.temperature, self.duration, self.speed, self.delay)
        steps = [low + (high - low) * units[:, 5 + k] for k, (low, high) in enumerate(limits)]
        return Sites(a, np.stack([1 - units[:, 2], units[:, 2]], axis=1), x), Processes(*steps)


DEMO = SearchSpace()
FULL_HALIDES = SearchSpace(bromide=1.0, chloride=1.0)


@dataclass(frozen=True)
class Optimum:
    """The best film of a world.

    Attributes:
        utility: 1 - lead of the best film; 0 where no film is feasible.
        composition: Of that film.
        process: Of that film.
    """

    utility: float
    composition: Composition
    process: Process


def violation(properties: Mapping[str, Values], constraints: tuple[Constraint, ...]) -> Values:
    """By how much films break constraints, as a sum relative to each constraint's width; 0 where all hold.

    Raises:
        KeyError: If a constraint is on a property that the world does not have.
    """
    total = np.zeros_like(properties["perovskite_fraction"])
    for constraint in constraints:
        value = properties[constraint.property]
        low = -np.inf if constraint.lower is None else constraint.lower
        high = np.inf if constraint.upper is None else constraint.upper
        width = high - low if np.isfinite(high - low) else abs(low if np.isfinite(low) else high) or 1.0
        beyond = (np.maximum(low - value, 0.0) + np.maximum(value - high, 0.0)) / width
        total = total + np.where(np.isnan(value), _MISSING, beyond)
    return np.asarray(total)


def find_optimum(
    world: World, space: SearchSpace = DEMO, target: Target = ABSORBER, folder: Path | None = None
) -> Optimum:
    """The film of the least lead that meets every constraint of `target` in the noise-free `world`.

    Searched by differential evolution from three seeds [Storn and Price, J. Global Optim. 1997]. Some ten seconds; with
    `folder` the result is kept there under a key of constants, seed, space and target, and read the next time.

    Raises:
        WorldError: If the utilities found by the seeds differ by more than 1e-3: the search was too short to be
            believed.
    """
    kept = None if folder is None else folder / f"optimum-{_key(world, space, target)}.json"
    if kept is not None and kept.exists():
        return _read(kept)
    found = [_search(world, space, target, seed) for seed in _SEEDS]
    utilities = [each.utility for each in found]
    if max(utilities) - min(utilities) > _AGREEMENT:
        raise WorldError(
            f"the searches for the optimum of world {world.seed} end at {utilities}, further apart than {_AGREEMENT}; "
            "give differential evolution a larger population"
        )
    best = max(found, key=lambda each: each.utility)
    if kept is not None:
        _write(kept, best)
    return best


def _search(world: World, space: SearchSpace, target: Target, seed: int) -> Optimum:
    def cost(population: NDArray[np.float64]) -> Values:
        sites, processes = space.decode(population.T)
        films = world.make_films(sites, processes)
        broken = violation(films.properties(world.constants), target.constraints)
        # Lead is at most one, so every film that breaks a constraint is worse than all that break none.
        return np.where(broken > 0, 1.0 + broken, sites.pb)

    result = differential_evolution(
        cost,
        [(0.0, 1.0)] * _N_UNITS,
        rng=seed,
        vectorized=True,
        updating="deferred",
        popsize=15,
        maxiter=3000,
        tol=3e-4,
        polish=False,
    )
    sites, processes = space.decode(result.x[None, :])
    (cs, fa, ma), (_, sn), (i, br, cl) = (row[0].tolist() for row in (sites.a, sites.b, sites.x))
    steps = (processes.temperature, processes.duration, processes.speed, processes.delay)
    process = Process(*(float(step[0]) for step in steps))
    utility = 1.0 - float(result.fun) if result.fun <= 1.0 else 0.0
    return Optimum(utility, Composition(cs, fa, ma, sn, i, br, cl), process)


def _key(world: World, space: SearchSpace, target: Target) -> str:
    text = f"{_VERSION} {world.seed} {world.constants!r} {space!r} {target.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _read(path: Path) -> Optimum:
    table = json.loads(path.read_text())
    return Optimum(table["utility"], Composition(**table["composition"]), Process(**table["process"]))


def _write(path: Path, optimum: Optimum) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole under another name first: benchmarks on several cores look for it at once.
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(json.dumps(asdict(optimum)))
    part.replace(path)
