"""A small linear program, solved by the simplex method in plain Python: a dozen unknowns, no library."""

from collections.abc import Sequence

ZERO = 1e-9
"""Smaller numbers are rounding; amounts are scaled to be of the order of one."""
MOST_STEPS = 1000
"""With Bland's rule a program this small ends after some tens of steps; more would be a fault."""

Row = list[float]


def minimize(costs: Sequence[float], rows: Sequence[Sequence[float]], sums: Sequence[float]) -> list[float] | None:
    """The x of least `costs · x` with `rows · x = sums` and no x negative, or None where there is none.

    Two-phase simplex with Bland's rule (Bland, Mathematics of Operations Research 2, 1977), which cannot cycle. The
    answer is a corner: no more unknowns differ from zero than there are independent rows. Equal questions get equal
    answers.

    Args:
        costs: One for each unknown; none may be negative, so that a least one exists.
        rows: Coefficients, one row for each sum.
        sums: Right-hand sides, of the order of one.
    """
    n = len(costs)
    tableau = [[*map(float, row), float(total)] for row, total in zip(rows, sums, strict=True)]
    tableau = [[-v for v in row] if row[-1] < 0 else row for row in tableau]
    m = len(tableau)
    for i, row in enumerate(tableau):
        row[n:n] = [float(i == k) for k in range(m)]
    basis = list(range(n, n + m))
    _descend(tableau, basis, [0.0] * n + [1.0] * m, n + m)
    if sum(row[-1] for row, b in zip(tableau, basis, strict=True) if b >= n) > ZERO:
        return None
    _drive_out(tableau, basis, n)
    _descend(tableau, basis, [*map(float, costs), *[0.0] * m], n)
    x = [0.0] * n
    for row, b in zip(tableau, basis, strict=True):
        if b < n:
            x[b] = max(0.0, row[-1])
    return x


def _descend(tableau: list[Row], basis: list[int], costs: Sequence[float], n_usable: int) -> None:
    """Exchange unknowns until none of the first `n_usable` makes it cheaper."""
    for _ in range(MOST_STEPS):
        entering = next((j for j in range(n_usable) if _reduced(tableau, basis, costs, j) < -ZERO), None)
        if entering is None:
            return
        rows = [i for i, row in enumerate(tableau) if row[entering] > ZERO]
        if not rows:
            return
        leaving = min(rows, key=lambda i: (tableau[i][-1] / tableau[i][entering], basis[i]))
        _pivot(tableau, leaving, entering)
        basis[leaving] = entering
    raise ArithmeticError(f"a linear program of {n_usable} unknowns was not solved in {MOST_STEPS} steps")


def _reduced(tableau: list[Row], basis: list[int], costs: Sequence[float], j: int) -> float:
    return costs[j] - sum(costs[b] * row[j] for row, b in zip(tableau, basis, strict=True))


def _drive_out(tableau: list[Row], basis: list[int], n: int) -> None:
    """Replace auxiliary unknowns in the basis, all zero, and drop the rows that say nothing new."""
    for i in reversed(range(len(tableau))):
        if basis[i] < n:
            continue
        column = next((j for j in range(n) if abs(tableau[i][j]) > ZERO), None)
        if column is None:
            del tableau[i], basis[i]
        else:
            _pivot(tableau, i, column)
            basis[i] = column


def _pivot(tableau: list[Row], i: int, j: int) -> None:
    divisor = tableau[i][j]
    pivoted = tableau[i] = [v / divisor for v in tableau[i]]
    for k, row in enumerate(tableau):
        factor = row[j]
        if k != i and factor:
            tableau[k] = [v - factor * p for v, p in zip(row, pivoted, strict=True)]
