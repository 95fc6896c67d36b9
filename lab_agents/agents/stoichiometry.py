"""From site fractions to volumes of few stock solutions, and back from volumes to the fractions that were made.

The formula is ABX3: for `amount` formula units the A site needs as many ions, the B site as many, the X site three
times as many. Every stock is neutral, so the charges agree by themselves.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab_agents.agents.linear_program import minimize
from lab_agents.records.stock import Species, Stock

SITES: Mapping[str, tuple[int, Mapping[str, Species]]] = {
    "A": (1, {"cs": "Cs", "fa": "FA", "ma": "MA"}),
    "B": (1, {"pb": "Pb", "sn": "Sn"}),
    "X": (3, {"i": "I", "br": "Br", "cl": "Cl"}),
}
"""Site → ions of it in a formula unit, and the species behind each parameter."""
FRACTIONS = tuple(name for _, ions in SITES.values() for name in ions)
"""Parameters that are site fractions, in their order."""
TOLERANCE = 1e-6
"""Fractions of a site may differ so much from one in sum: planners round."""
DIGITS = 2
"""Volumes are asked for to 0.01 µL, which is finer than any pipette."""
MOST_TRIES = 200
"""Choices of stocks that are looked at: a dozen stocks need some tens."""


@dataclass(frozen=True)
class Range:
    """What can be pipetted in one transfer, µL; nothing is always possible."""

    smallest: float = 0.0
    largest: float = math.inf


class UnmixableError(Exception):
    """No volumes of the stocks give these fractions."""


def find_volumes(
    stocks: Sequence[Stock], fractions: Mapping[str, float], amount: float, pipette: Range
) -> dict[str, float]:
    """Volumes by stock (µL, in the order of `stocks`) that hold exactly the asked fractions.

    Halides go into salts of lead and tin first, so that few stocks are opened; each volume is none or one that can be
    pipetted.

    Args:
        stocks: What there is, mol/L.
        fractions: Site fractions by parameter; those of a site sum to one, missing ones are zero.
        amount: Formula units, µmol.
        pipette: What one transfer can be.

    Raises:
        UnmixableError: Saying what is missing, or which volume is too small.
    """
    wanted = _wanted(fractions)
    for species, ions in wanted.items():
        if ions and not any(species in stock.contains for stock in stocks):
            raise UnmixableError(f"no stock contains {species}")
    useful = [s for s in stocks if all(wanted.get(species) for species in s.contains)]
    volumes = _search(useful, wanted, amount, pipette)
    named = dict(zip((s.name for s in useful), volumes, strict=True))
    return {s.name: named[s.name] for s in stocks if named.get(s.name)}


def without_traces(
    stocks: Sequence[Stock], fractions: Mapping[str, float], amount: float, pipette: Range
) -> dict[str, float]:
    """The fractions without those of which no stock could give so little in one transfer; each site sums as before.

    What a search leaves on the edge of its space, some thousandths of an ion, is no reason to refuse a film: it is made
    without, and its composition as made says so.
    """
    kept = dict(fractions)
    for n, ions in SITES.values():
        whole = sum(fractions.get(name, 0.0) for name in ions)
        least = {
            name: _most_volume(stocks, species, n * fractions.get(name, 0.0) * amount) for name, species in ions.items()
        }
        left = {name: fractions[name] for name in ions if name in fractions and least[name] >= pipette.smallest}
        scale = whole / sum(left.values()) if left else 0.0
        kept |= {name: left.get(name, 0.0) * scale for name in ions if name in fractions}
    return kept


def _most_volume(stocks: Sequence[Stock], species: Species, ions: float) -> float:
    """The largest volume (µL) of any one stock that holds so many µmol of an ion."""
    return max((ions / s.contains[species] for s in stocks if species in s.contains), default=math.inf)


def _wanted(fractions: Mapping[str, float]) -> dict[Species, float]:
    """Ions of each species in one formula unit."""
    wanted: dict[Species, float] = {}
    for site, (n, ions) in SITES.items():
        shares = {species: fractions.get(name, 0.0) for name, species in ions.items()}
        whole = sum(shares.values())
        if abs(whole - 1.0) > TOLERANCE or min(shares.values()) < -TOLERANCE:
            parts = ", ".join(f"{name} {fractions.get(name, 0.0):g}" for name in ions)
            raise UnmixableError(f"the fractions of site {site} sum to {whole:g} ({parts}); they must sum to 1")
        # A fraction that is only rounding is none: it would ask for a stock that nobody means.
        meant = {species: share if share > TOLERANCE else 0.0 for species, share in shares.items()}
        wanted |= {species: n * share / sum(meant.values()) for species, share in meant.items()}
    return wanted


def _search(stocks: Sequence[Stock], wanted: Mapping[Species, float], amount: float, pipette: Range) -> list[float]:
    """The first choice of stocks whose volumes can all be pipetted; few stocks are tried first."""
    choices: list[tuple[frozenset[int], frozenset[int]]] = [(frozenset(), frozenset())]
    refused = "the stocks hold these ions in other proportions"
    for _ in range(MOST_TRIES):
        if not choices:
            break
        left_out, taken = choices.pop()
        volumes = _solve(stocks, wanted, amount, left_out, dict.fromkeys(taken, pipette.smallest))
        if volumes is None:
            continue
        odd = next((i for i, v in enumerate(volumes) if v and not pipette.smallest <= v <= pipette.largest), None)
        if odd is None:
            return volumes
        refused = f"{stocks[odd].name} would be {volumes[odd]:g} µL; {_span(pipette)} can be pipetted"
        if volumes[odd] < pipette.smallest and odd not in taken:
            choices += [(left_out, taken | {odd}), (left_out | {odd}, taken)]
    raise UnmixableError(refused)


def _solve(
    stocks: Sequence[Stock],
    wanted: Mapping[Species, float],
    amount: float,
    left_out: frozenset[int],
    at_least: Mapping[int, float],
) -> list[float] | None:
    """Volumes (µL) of least cost, without some stocks and with at least so much of others, or None."""
    rows, sums = [], []
    for species, ions in wanted.items():
        held = [s.contains.get(species, 0.0) for s in stocks]
        if any(held):
            rows.append([0.0 if i in left_out else c for i, c in enumerate(held)])
            sums.append(ions - sum(held[i] * volume for i, volume in at_least.items()) / amount)
    solved = minimize([_cost(s) for s in stocks], rows, sums)
    if solved is None:
        return None
    return [round(v * amount + at_least.get(i, 0.0), DIGITS) for i, v in enumerate(solved)]


def _cost(stock: Stock) -> float:
    """Rare halides of A salts cost more, so that they come with lead and tin as long as those can carry them."""
    is_metal = "Pb" in stock.contains or "Sn" in stock.contains
    rare = sum(c for s, c in stock.contains.items() if s in ("Br", "Cl"))
    return 1.0 if is_metal else 1.0 + rare / sum(stock.contains.values())


def _span(pipette: Range) -> str:
    upper = "" if math.isinf(pipette.largest) else f" to {pipette.largest:g}"
    return f"{pipette.smallest:g}{upper or ' and more'} µL"


def fractions_made(
    stocks: Sequence[Stock], volumes: Mapping[str, float], deviations: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Site fraction and its deviation by parameter, from the volumes that were delivered.

    With v the volumes, c the concentrations of an ion and C those of all ions of its site, `f = Σ c v / Σ C v` and, for
    independent deviations s of the volumes, `s_f² = Σ ((c - f C) s)² / (Σ C v)²`. A site without any ion is left out.
    """
    made: dict[str, tuple[float, float]] = {}
    for _, ions in SITES.values():
        held = {s.name: sum(s.contains.get(species, 0.0) for species in ions.values()) for s in stocks}
        whole = sum(held[s.name] * volumes.get(s.name, 0.0) for s in stocks)
        if whole <= 0:
            continue
        for name, species in ions.items():
            fraction = sum(s.contains.get(species, 0.0) * volumes.get(s.name, 0.0) for s in stocks) / whole
            variance = sum(
                ((s.contains.get(species, 0.0) - fraction * held[s.name]) * deviations.get(s.name, 0.0)) ** 2
                for s in stocks
            )
            made[name] = (fraction, math.sqrt(variance) / whole)
    return made
