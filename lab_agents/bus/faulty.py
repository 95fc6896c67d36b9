"""The bus in memory with everything that a network does to bytes, from a seed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.bus.protocol import Message

_PROBABILITIES = ("loss", "doubling", "delay", "reordering", "silence", "garbling")

Draw = Callable[[str], float]
"""Purpose in, a number from 0 up to 1 out; the same again for the same purpose."""


@dataclass(frozen=True)
class Faults:
    """How often what goes wrong, as probabilities from 0 to 1; all zero is a good network.

    Attributes:
        loss: A message is not carried.
        doubling: It is carried twice.
        delay: It waits up to `most_turns` turns of the loop, and what is behind it on its way waits too.
        reordering: It overtakes some of what is before it on its way.
        silence: The sender is told that it was not carried, although it was.
        garbling: Other bytes arrive, which nobody can read.
        most_turns: The longest delay.
    """

    loss: float = 0.0
    doubling: float = 0.0
    delay: float = 0.0
    reordering: float = 0.0
    silence: float = 0.0
    garbling: float = 0.0
    most_turns: int = 20

    def __post_init__(self) -> None:
        for name in _PROBABILITIES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; a probability lies between 0 and 1")
        if self.most_turns < 1:
            raise ValueError(f"most_turns is {self.most_turns}; a delay lasts at least one turn")


class FaultyCarrier(MemoryCarrier):
    """A carrier that loses, doubles, delays and reorders, on the way up from a sender and down to each receiver alike.

    Every draw is keyed (seed, way, topic, how many messages of this topic went this way before): other traffic does
    not change what happens to a message. Bytes under way outlive their sender.
    """

    def __init__(self, seed: int, faults: Faults) -> None:
        super().__init__()
        self.faults = faults
        self._seed = seed
        self._counts: dict[tuple[str, str], int] = {}

    def accept(self, sender: str, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Put the bytes on the sender's way up; False also where they are carried and only the answer is lost."""
        draw = self._draws(f"from {sender}", topic)
        payload = self._carried(payload, draw)
        self._send(f"from {sender}", draw, partial(self.route, topic, payload, retain=retain))
        return draw("silence") >= self.faults.silence

    def carry(self, bus: MemoryBus, message: Message) -> None:
        """Put a message on a receiver's way down."""
        draw = self._draws(f"to {bus.name}", message.topic)
        message = replace(message, payload=self._carried(message.payload, draw))
        self._send(f"to {bus.name}", draw, partial(bus.hand, bus.session, message))

    def _carried(self, payload: bytes, draw: Draw) -> bytes:
        return garbled(payload, draw("how")) if draw("garbling") < self.faults.garbling else payload

    def _send(self, way: str, draw: Draw, deliver: Callable[[], None]) -> None:
        if draw("loss") < self.faults.loss:
            return
        for copy in ("", "again") if draw("doubling") < self.faults.doubling else ("",):
            turns, place = 0, None
            if draw("delay" + copy) < self.faults.delay:
                turns = 1 + int(draw("turns" + copy) * self.faults.most_turns)
            if draw("reordering" + copy) < self.faults.reordering:
                place = int(draw("place" + copy) * (self.under_way(way) + 1))
            self.dispatch(way, deliver, turns, place)

    def _draws(self, way: str, topic: str) -> Draw:
        number = self._counts[way, topic] = self._counts.get((way, topic), 0) + 1
        return draws(self._seed, way, topic, number)


def draws(seed: int, way: str, topic: str, number: int) -> Draw:
    """The draws of one message: the `number`-th of its topic on this way."""
    return partial(_uniform, f"{seed}\n{way}\n{topic}\n{number}")


def garbled(payload: bytes, how: float) -> bytes:
    """The bytes as ones that no reader takes for a message; `how` from 0 to 1 chooses which.

    Each message begins with a line of JSON: it is cut within its first bytes, or these are no text any more. A
    payload is never emptied, because that would mean something to a broker.
    """
    if how < 0.5:
        return payload[: 1 + int(how * 20)]
    return bytes(byte ^ 0x80 for byte in payload[:20]) + payload[20:]


def _uniform(key: str, purpose: str) -> float:
    digest = hashlib.sha256(f"{key}\n{purpose}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)
