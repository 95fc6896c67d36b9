"""What derived ids say, and how seeds derive: pure functions of what stands in the log."""

import hashlib


def cause_of(entry_id: str | None) -> int:
    """The position that a derived entry id names as its cause; -1 where it names none."""
    parts = (entry_id or "").split("/")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else -1


def keyed_seed(seed: int, *words: object) -> int:
    """A seed for one purpose, derived from the campaign's: equal words give equal seeds, whatever ran before."""
    text = "/".join(str(word) for word in (seed, *words))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 2**31
