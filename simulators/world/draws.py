"""Random draws that depend on their key alone, never on the order or number of calls."""

import hashlib
import random
from collections.abc import Sequence
from statistics import NormalDist
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_STANDARD = NormalDist()


class Draws:
    """Draws keyed by the sha256 of seed and key: the same act draws the same number, also after a kill."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def normals(self, n: int, *key: str) -> list[float]:
        """`n` independent standard normal numbers."""
        source = self._source(key)
        # The half bin keeps the argument off 0, where the inverse distribution has no value.
        return [_STANDARD.inv_cdf((source.getrandbits(52) + 0.5) / 2**52) for _ in range(n)]

    def normal(self, *key: str) -> float:
        """One standard normal number."""
        return self.normals(1, *key)[0]

    def uniform(self, *key: str) -> float:
        """One number in [0, 1)."""
        return self._source(key).random()

    def generator(self, *key: str) -> np.random.Generator:
        """A generator of its own, for models that draw whole arrays."""
        return np.random.default_rng(self._source(key).getrandbits(64))

    def choice(self, options: Sequence[T], *key: str) -> T:
        """One of `options`, all equally likely."""
        return options[int(self.uniform(*key) * len(options))]

    def _source(self, key: tuple[str, ...]) -> random.Random:
        text = "\x1f".join((str(self._seed), *key))
        return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()))
