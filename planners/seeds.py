"""Random numbers by key: a draw depends on what it is for, never on how often or in which order one was drawn."""

import hashlib

import numpy as np


def keyed_seed(seed: int, *keys: int | str) -> int:
    """63 bits of the sha256 of the seed and the keys (number of the proposal, purpose)."""
    text = "/".join([str(seed), *(str(key) for key in keys)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def keyed_generator(seed: int, *keys: int | str) -> np.random.Generator:
    """A generator of its own for each seed and keys."""
    return np.random.default_rng(keyed_seed(seed, *keys))
