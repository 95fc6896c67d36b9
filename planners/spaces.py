"""The design space in numbers: unit coordinates, pools, and points that never leave the bounds or a simplex."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from lab_agents.records.space import Candidate, DesignSpace
from planners.errors import SpaceError
from planners.simplices import fractions_from_cube, project_fractions

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


def groups(space: DesignSpace) -> list[list[int]]:
    """The columns of each simplex, in the order of its names."""
    columns = {p.name: number for number, p in enumerate(space.parameters)}
    return [[columns[name] for name in names] for names in space.simplices]


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
    """Whether a point of shape (d,) keeps all bounds and the fractions of each simplex sum to one, in `tolerance`."""
    lower, upper = bounds(space)
    margin = tolerance * np.maximum(1.0, upper - lower)
    if not bool(((point >= lower - margin) & (point <= upper + margin)).all()):
        return False
    return all(abs(float(point[group].sum()) - 1.0) <= tolerance for group in groups(space))


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
    """The nearest points of the space: clipped to the bounds and, on each simplex, shifted to sum to one."""
    lower, upper = bounds(space)
    projected = np.asarray(np.clip(points, lower, upper))
    for group in groups(space):
        projected[:, group] = project_fractions(points[:, group], lower[group], upper[group])
    return projected


def spread_points(space: DesignSpace, n: int, seed: int) -> Points:
    """`n` scrambled Sobol points of a continuous space, shape (n, d), spread evenly over the box and each simplex."""
    power = max(1, int(np.ceil(np.log2(n)))) if n > 1 else 1
    cube = qmc.Sobol(len(space.parameters), scramble=True, rng=np.random.default_rng(seed)).random_base2(power)[:n]
    return _from_cube(space, cube)


def random_points(space: DesignSpace, n: int, generator: np.random.Generator) -> Points:
    """`n` independent points of a continuous space, shape (n, d), uniform over the box and each simplex."""
    return _from_cube(space, generator.random((n, len(space.parameters))))


def _from_cube(space: DesignSpace, cube: Points) -> Points:
    """Points of the unit cube, shape (n, d), onto the space; the last column of each simplex is not needed."""
    lower, upper = bounds(space)
    points = np.asarray(np.clip(lower + cube * (upper - lower), lower, upper))
    for group in groups(space):
        points[:, group] = fractions_from_cube(cube[:, group[:-1]], lower[group], upper[group])
    return points
