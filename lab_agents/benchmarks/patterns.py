"""`benchmark patterns`: phase fractions concluded from patterns of known films, made by a program that is not ours."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from lab_agents.analysis.concluded import Concluded
from lab_agents.analysis.errors import UnusableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.benchmarks.figures import Figure, not_run, verdict
from lab_agents.benchmarks.foreign_patterns import Film, make_pattern
from lab_agents.records.sample import AsMade

CLOSE = 0.03
"""Error of a fraction that is allowed, unless its conclusion says that it may be larger: its 95 % interval is wider
than this to either side, or there is none because the pattern is ambiguous."""

WIDEST = CLOSE / 1.96
"""Deviation whose 95 % interval reaches as far as `CLOSE`."""

INTERVAL = 1.645
"""Deviations to either side of a normal value between which 90 % lie."""

TARGET = "error at most 0.03, or flagged"

Progress = Callable[[int, int], None]
"""Told how many of how many patterns are done."""


@dataclass(frozen=True)
class Outcome:
    """One film: what it is, and what was concluded; `flag` says why nothing was."""

    film: Film
    values: Mapping[str, Concluded] = field(default_factory=lambda: MappingProxyType({}))
    flag: str = ""
    seconds: float = 0.0

    def errors(self) -> dict[str, tuple[float, float]]:
        """Error and deviation of each fraction."""
        return {
            name: (value.value - self.film.shares.get(_phase(name), 0.0), value.deviation)
            for name, value in self.values.items()
            if "fraction" in name
        }

    def is_right(self) -> bool:
        """Whether every fraction is close, or flagged by its deviation or by the analysis."""
        return all(abs(error) <= CLOSE or deviation > WIDEST for error, deviation in self.errors().values())


def benchmark_patterns(seeds: int, _table: Path | None, progress: Progress) -> list[Figure]:
    """Measure all figures on one film per seed.

    Args:
        seeds: Number of films, counted from 0.
        progress: Told after each film.
    """
    try:
        outcomes = [conclude_film(0, 0)]  # the first call imports and builds references: not timed
        outcomes = []
        for seed in range(seeds):
            outcomes.append(conclude_film(seed, seed))
            progress(seed + 1, seeds)
    except ImportError as error:
        return [not_run("phase fractions on foreign patterns", TARGET, f"{error}. Install Dans-Diffraction.")]
    return _figures(outcomes)


def conclude_film(seed: int, noise: int) -> Outcome:
    """One random film, its pattern and what is concluded from it."""
    from lab_agents.analysis.diffraction.conclusions import conclude_pattern  # imports pymatgen: seconds

    film = draw_film(np.random.default_rng(seed))
    raw = make_pattern(film, np.random.default_rng([seed, noise]))
    made = AsMade(values=film.made, deviations=dict.fromkeys(film.made, 0.006))
    begun = time.process_time()
    try:
        conclusions = conclude_pattern(Evidence(raw, {}, made))
    except UnusableError as error:
        return Outcome(film, flag=str(error), seconds=time.process_time() - begun)
    values = {value.property: value for value in conclusions.values}
    return Outcome(film, values, seconds=time.process_time() - begun)


def draw_film(generator: np.random.Generator) -> Film:
    """A film of random composition, phases, texture 0.5 to 0.9, displacement to 60 µm and zero shift to 0.02°."""
    made = _draw_composition(generator)
    possible = [name for name, part in _NEEDS.items() if made[part] > 0.03]
    n_others = int(generator.integers(0, min(3, len(possible)) + 1))
    others = generator.choice(possible, size=n_others, replace=False)
    rest = float(generator.choice([generator.uniform(0.01, 0.1), generator.uniform(0.1, 0.5)])) if n_others else 0.0
    parts = generator.dirichlet(np.ones(n_others)) * rest if n_others else np.zeros(0)
    shares = {"perovskite": 1 - rest} | {str(name): float(part) for name, part in zip(others, parts, strict=True)}
    lattice = 6.36 - 0.17 * made["cs"] - 0.08 * made["ma"] - 0.04 * made["sn"] - 0.36 * made["br"] - 0.6 * made["cl"]
    uniform = generator.uniform
    return Film(
        made=made,
        shares=shares,
        lattice=lattice * (1 + float(generator.normal(0, 0.004))),
        texture={"perovskite": uniform(0.5, 0.9), "cl_perovskite": uniform(0.6, 1.0), "pbi2": uniform(0.3, 0.8)},
        size={"perovskite": uniform(60, 400)} | dict.fromkeys(_NEEDS, uniform(25, 100)),
        displacement=uniform(-0.06, 0.06),
        zero=uniform(-0.02, 0.02),
        depth=uniform(0.025, 0.08),
        peak=float(np.exp(uniform(np.log(1000), np.log(10000)))),
        strain=uniform(1e-4, 2e-3),
        thermal=uniform(0.0, 0.04),
        lorentzian=uniform(0.3, 0.7),
    )


_NEEDS = {"delta_fa": "fa", "delta_cs": "cs", "pbi2": "pb", "sni2": "sn", "a2sni6": "sn", "cl_perovskite": "cl"}


def _draw_composition(generator: np.random.Generator) -> dict[str, float]:
    cs, fa, ma = generator.dirichlet(np.ones(3))
    sn, br, cl = generator.uniform(), generator.uniform(0, 0.5), generator.choice([0.0, generator.uniform(0, 0.1)])
    values = {"cs": cs, "fa": fa, "ma": ma, "pb": 1 - sn, "sn": sn, "i": 1 - br - cl, "br": br, "cl": cl}
    return {name: float(value) for name, value in values.items()}


def _phase(name: str) -> str:
    return "perovskite" if name == "perovskite_fraction" else name.removeprefix("fraction_")


def _figures(outcomes: list[Outcome]) -> list[Figure]:
    concluded = [outcome for outcome in outcomes if not outcome.flag]
    right = [outcome.is_right() for outcome in outcomes]
    main = [outcome.errors()["perovskite_fraction"] for outcome in concluded if outcome.values]
    inside = [abs(error) <= INTERVAL * deviation for error, deviation in main]
    worst = max((abs(error) for error, deviation in main if deviation <= WIDEST), default=0.0)
    cover = sum(inside) / max(1, len(inside))
    wide = sum(any(d > WIDEST for _, d in outcome.errors().values()) for outcome in concluded)
    slowest = max(outcome.seconds for outcome in outcomes)
    return [
        Figure(
            figure="films of which every phase fraction is within 0.03 or flagged",
            target="all",
            measured=sum(right) / len(right),
            verdict=verdict(all(right)),
            note=(
                f"{len(outcomes)} films: {len(outcomes) - len(concluded)} ambiguous, {wide} with a fraction known to "
                f"worse than 0.03 and saying so; unflagged perovskite fractions off by {worst:.3f} at most"
            ),
        ),
        Figure(
            figure="90 % intervals of the perovskite fraction that hold the truth",
            target="at least 0.85",
            measured=cover,
            verdict=verdict(cover >= 0.85),
            note=f"of {len(inside)}; they allow for structures that differ from the references",
        ),
        Figure(
            figure="longest conclusion, seconds of CPU",
            target="below 1.5",
            measured=slowest,
            verdict=verdict(slowest < 1.5),
        ),
    ]
