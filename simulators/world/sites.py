"""Many compositions at once, as arrays: the form in which the laws of the world take them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.world.constants import PerCompound
from simulators.world.film_state import Composition

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Sites:
    """Site fractions of n compositions.

    Attributes:
        a: Cs, FA, MA; shape (n, 3), each row sums to one.
        b: Pb, Sn; shape (n, 2), likewise.
        x: I, Br, Cl; shape (n, 3), likewise.
    """

    a: Values
    b: Values
    x: Values

    @classmethod
    def of(cls, compositions: Sequence[Composition]) -> "Sites":
        """The site fractions of `compositions`."""
        table = np.array([(c.cs, c.fa, c.ma, c.pb, c.sn, c.i, c.br, c.cl) for c in compositions]).reshape(-1, 8)
        return cls(table[:, :3], table[:, 3:5], table[:, 5:])

    @property
    def cs(self) -> Values:
        """Cs on A, shape (n,)."""
        return self.a[:, 0]

    @property
    def fa(self) -> Values:
        """FA on A, shape (n,)."""
        return self.a[:, 1]

    @property
    def ma(self) -> Values:
        """MA on A, shape (n,)."""
        return self.a[:, 2]

    @property
    def pb(self) -> Values:
        """Pb on B, shape (n,)."""
        return self.b[:, 0]

    @property
    def sn(self) -> Values:
        """Sn on B, shape (n,)."""
        return self.b[:, 1]

    @property
    def i(self) -> Values:
        """I on X, shape (n,)."""
        return self.x[:, 0]

    @property
    def br(self) -> Values:
        """Br on X, shape (n,)."""
        return self.x[:, 1]

    @property
    def cl(self) -> Values:
        """Cl on X, shape (n,)."""
        return self.x[:, 2]

    def trilinear(self, table: PerCompound) -> Values:
        """A property of the end members (Vegard), weighted with the fractions of all three sites; shape (n,)."""
        return np.asarray(np.einsum("na,nb,nx,abx->n", self.a, self.b, self.x, np.array(table)))

    def mixing(self) -> Values:
        """How mixed B or X is, 0 for a pure compound to 1 for half and half of lead and tin or of two halides."""
        halides = np.minimum(2 * (1 - np.sum(self.x**2, axis=1)), 1.0)
        return np.asarray(1 - (1 - 4 * self.pb * self.sn) * (1 - halides))
