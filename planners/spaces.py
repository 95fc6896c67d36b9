"""The design space in numbers: unit coordinates, pools, and points that never leave a box or a simplex."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from lab_agents.records.space import Candidate, DesignSpace
from planners.errors import SpaceError

Points = NDArray[np.float64]
"""Shape (n, d): one row a point, columns in the order of the space's parameters."""

TOLERANCE = 1e-9
"""How far a proposed point may miss a bound or the sum of one by rounding."""


def bounds(space: DesignSpace) -> tuple[Points, Points]:
    """Lower and upper bounds, each of shape (d,), in the parameters' units."""
    return (
        np.array([p.lower for p in space.parameters], dtype=np.float64),
        np.array([p.upper for p in space.parameters], dtype=np.float64),
    )


def as_points(space: DesignSpace, rows: Iterable[Sequence[float]]) -> Points:
    """Rows of values as an array of shape (n, d).

    Raises:
        SpaceError: If a row has another length than the space has parameters, or a value is not finite.
    """
    d = len(space.parameters)
    listed = list(rows)
    for number, row in enumerate(listed):
        if len(row) != d:
            raise SpaceError(f"Point {number} has {len(row)} values; the design space has {d} parameters.")
    points = np.array(listed, dtype=np.float64).reshape(len(listed), d)
    if not np.isfinite(points).all():
        number = int(np.argwhere(~np.isfinite(points))[0, 0])
        raise SpaceError(f"Point {number} is {listed[number]}; only finite numbers can be planned with.")
    return points


def to_unit(space: DesignSpace, points: Points) -> Points:
    """Coordinates in [0, 1] within the bounds; what was made outside them lies outside [0, 1]."""
    lower, upper = bounds(space)
    return (points - lower) / (upper - lower)


def from_unit(space: DesignSpace, unit: Points) -> Points:
    """Points in the parameters' units from unit coordinates."""
    lower, upper = bounds(space)
    return lower + unit * (upper - lower)


def to_candidate(space: DesignSpace, point: Points) -> Candidate:
    """One point, shape (d,), as a record."""
    return Candidate(values={p.name: float(v) for p, v in zip(space.parameters, point, strict=True)})


def is_inside(space: DesignSpace, point: Points, tolerance: float = TOLERANCE) -> bool:
    """Whether a point of shape (d,) keeps all bounds and, on a simplex, sums to one, within `tolerance`."""
    lower, upper = bounds(space)
    margin = tolerance * np.maximum(1.0, upper - lower)
    if not bool(((point >= lower - margin) & (point <= upper + margin)).all()):
        return False
    return not space.simplex or abs(float(point.sum()) - 1.0) <= tolerance


def remaining(pool: Points, taken: Points) -> Points:
    """Rows of the pool that are not among `taken`, in the pool's order.

    Compared to within 1e-9 of the largest value, because candidates come back through JSON and other people's tools.
    """
    if not len(taken) or not len(pool):
        return pool
    scale = 1e-9 * max(1.0, float(np.abs(pool).max()))
    keys = {tuple(row) for row in np.round(taken / scale).astype(np.int64)}
    keep = [tuple(row) not in keys for row in np.round(pool / scale).astype(np.int64)]
    return np.asarray(pool[np.array(keep, dtype=bool)])


def project(space: DesignSpace, points: Points) -> Points:
    """The nearest points of the space: clipped to the bounds and, on a simplex, shifted to sum to one.

    On a simplex with bounds the Euclidean projection is `clip(x - s, lower, upper)` with the one shift `s` for which
    the sum is one; it is found by bisection, because the sum falls monotonically with `s`.
    """
    lower, upper = bounds(space)
    if not space.simplex:
        return np.asarray(np.clip(points, lower, upper))
    low, high = points.min(axis=1) - upper.max() - 1.0, points.max(axis=1) - lower.min() + 1.0
    for _ in range(80):  # halves an interval of order one down to the resolution of doubles
        middle = (low + high) / 2
        too_much = np.clip(points - middle[:, None], lower, upper).sum(axis=1) > 1.0
        low, high = np.where(too_much, middle, low), np.where(too_much, high, middle)
    return _sum_to_one(np.asarray(np.clip(points - high[:, None], lower, upper)), lower, upper)


def _sum_to_one(points: Points, lower: Points, upper: Points) -> Points:
    """Put the last rounding error on the coordinate with the most room, so that no bound is broken."""
    room = np.minimum(points - lower, upper - points)
    rows, widest = np.arange(len(points)), room.argmax(axis=1)
    repaired = points.copy()
    repaired[rows, widest] += 1.0 - points.sum(axis=1)
    return np.asarray(np.clip(repaired, lower, upper))


def spread_points(space: DesignSpace, n: int, seed: int) -> Points:
    """`n` scrambled Sobol points of a continuous space, shape (n, d).

    On a simplex they are mapped by normalized exponential spacings (uniform on the full simplex), stretched over what
    the lower bounds leave, and projected where an upper bound cuts.
    """
    lower, upper = bounds(space)
    d = len(lower)
    power = max(1, int(np.ceil(np.log2(n)))) if n > 1 else 1
    cube = qmc.Sobol(d, scramble=True, rng=np.random.default_rng(seed)).random_base2(power)[:n]
    if not space.simplex:
        return np.asarray(np.clip(lower + cube * (upper - lower), lower, upper))
    spacings = -np.log(np.clip(cube, 1e-12, 1.0 - 1e-12))
    fractions = spacings / spacings.sum(axis=1, keepdims=True)
    return project(space, lower + (1.0 - lower.sum()) * fractions)


def random_points(space: DesignSpace, n: int, generator: np.random.Generator) -> Points:
    """`n` independent points of a continuous space, shape (n, d), uniform on a box or an unbounded simplex."""
    lower, upper = bounds(space)
    if not space.simplex:
        return np.asarray(generator.uniform(lower, upper, size=(n, len(lower))))
    fractions = generator.dirichlet(np.ones(len(lower)), size=n)
    return project(space, lower + (1.0 - lower.sum()) * fractions)
