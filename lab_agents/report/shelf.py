"""Samples put away: what is told of each of thousands, without holding all of it at hand."""

import zlib
from collections.abc import Iterator, MutableMapping

from pydantic import TypeAdapter

from lab_agents.report.sample_account import SampleAccount

_READER: TypeAdapter[SampleAccount] = TypeAdapter(SampleAccount)


class Shelf(MutableMapping[str, SampleAccount]):
    """Accounts of samples by id: one that is asked for is at hand, and may be changed, until `put_away`.

    Packed, a sample takes a tenth of its memory. A display needs few of them again: the best, and those of which
    an old observation is retracted.
    """

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}
        self._at_hand: dict[str, SampleAccount] = {}

    @property
    def at_hand(self) -> tuple[SampleAccount, ...]:
        """The samples asked for or put here since the last `put_away`."""
        return tuple(self._at_hand.values())

    def put_away(self) -> None:
        """Pack what is at hand, as it is by now."""
        for name, sample in self._at_hand.items():
            self._packed[name] = zlib.compress(_READER.dump_json(sample))
        self._at_hand.clear()

    def __getitem__(self, name: str) -> SampleAccount:
        if name not in self._at_hand:
            self._at_hand[name] = _READER.validate_json(zlib.decompress(self._packed[name]))
        return self._at_hand[name]

    def __setitem__(self, name: str, sample: SampleAccount) -> None:
        self._packed.setdefault(name, b"")
        self._at_hand[name] = sample

    def __delitem__(self, name: str) -> None:
        del self._packed[name]
        self._at_hand.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
