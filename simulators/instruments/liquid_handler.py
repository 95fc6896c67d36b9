"""A liquid handler: takes a new vial and pipettes stock solutions into it, one fresh tip for each."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lab_agents.records.stock import Stock
from simulators.errors import ErrorNumber, RefusedError
from simulators.faults import Faults
from simulators.instruments.program import Order, Prepared, Span
from simulators.ledger import Detail
from simulators.world.draws import Draws
from simulators.world.things import Things

VIAL = 60.0
"""Seconds to empty and discard the vial, take a new one and mix at the end: assumption."""
TRANSFER = 35.0
"""Seconds of one transfer (fresh tip, aspirate, dispense, discard): assumption; four to six liquids take 3 to 6 min."""
LARGEST = 1000.0
"""The largest tip, µL; nothing larger is pipetted in one transfer."""
CAPACITY = 2000.0
"""What a vial holds, µL: assumption, a common vial of 2 mL."""

_PART = re.compile(r"([a-z][a-z0-9_]{0,47}):(\d{1,5}\.\d{2})")


@dataclass(frozen=True)
class Tip:
    """A size of tips: its nominal volume and its largest errors, systematic and random (one deviation), in µL."""

    nominal: float
    systematic: float
    random: float


TIPS = (Tip(10.0, 0.12, 0.08), Tip(100.0, 0.8, 0.3), Tip(200.0, 1.6, 0.6), Tip(1000.0, 8.0, 3.0))
"""Limits of ISO 8655-2 for piston pipettes at their nominal volume; in µL they hold over a tip's whole range."""


@dataclass(frozen=True)
class Aliquot:
    """One transfer in µL: asked, really delivered, reported with one deviation, and whether the sensor flagged it."""

    stock: str
    asked: float
    delivered: float
    reported: float
    deviation: float
    is_flagged: bool


@dataclass(frozen=True)
class Deck:
    """What the handler works with: where it can set a vial, the bottles by name, how many tips full racks have."""

    vials: frozenset[str]
    stocks: Mapping[str, Stock]
    tips: int


def parse_volumes(text: str) -> dict[str, float]:
    """The volumes by stock that `stock:0.00;…` states.

    Raises:
        RefusedError: With *limit*, if it is written otherwise.
    """
    found: dict[str, float] = {}
    for part in text.split(";"):
        match = _PART.fullmatch(part)
        if match is None or match[1] in found:
            raise RefusedError(ErrorNumber.LIMIT, f"{part[:60]!r} is no volume of one stock")
        found[match[1]] = float(match[2])
    return found


class LiquidHandler:
    """The physics of the handler."""

    def __init__(self, name: str, deck: Deck, draws: Draws, faults: Faults, limits: Mapping[str, Span]) -> None:
        """`name` is the instrument's; its tips have errors of their own."""
        self.limits = limits
        self._name, self._deck, self._draws, self._faults = name, deck, draws, faults

    def left(self, things: Things) -> dict[str, float]:
        """µL that each bottle still holds."""
        return {name: max(0.0, s.amount - things.drawn.get(name, 0.0)) for name, s in self._deck.stocks.items()}

    def tips_left(self, things: Things) -> int:
        """Tips that are left in all sizes."""
        return self._deck.tips - int(things.drawn.get(self._name, 0))

    def transfer(self, stock: str, volume: float, key: str) -> Aliquot:
        """What a transfer of `volume` µL really delivers; drawn by the order's `key`.

        The handler itself knows the volume that its piston moved. A clog or bubble swallows 20 to 100 % of it; the
        pressure sensor flags some of them, and then reports what the pressure tells, to 10 % of what was asked.
        """
        tip = next(tip for tip in TIPS if volume <= tip.nominal)
        # Limits are what a calibration lets pass: half of one is a plausible deviation between instruments.
        systematic = 0.5 * tip.systematic * self._draws.normal(self._name, f"{tip.nominal:g}", "systematic")
        whole = max(0.0, volume + systematic + tip.random * self._draws.normal(key, stock, "delivered"))
        deviation = math.hypot(0.5 * tip.systematic, tip.random)
        if not self._faults.mishap("clog").strikes(self._draws, key, stock, "clog"):
            return Aliquot(stock, volume, whole, volume, deviation, is_flagged=False)
        delivered = whole * 0.8 * self._draws.uniform(key, stock, "what passes")
        if not self._faults.mishap("clog_seen").strikes(self._draws, key, stock, "clog seen"):
            return Aliquot(stock, volume, delivered, volume, deviation, is_flagged=False)
        told = delivered + 0.1 * volume * self._draws.normal(key, stock, "pressure")
        return Aliquot(stock, volume, delivered, min(max(0.0, told), volume), 0.1 * volume, is_flagged=True)

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Empty the place's vial, take a new one, add every volume."""
        if order.command != "mix":
            raise RefusedError(ErrorNumber.LIMIT, f"{order.command} is no command of a liquid handler")
        place, volumes = order.text("vial"), parse_volumes(order.text("volumes"))
        if place not in self._deck.vials:
            raise RefusedError(ErrorNumber.LIMIT, f"{place!r} is no place for a vial")
        asked = self._check(volumes, things, limits)
        aliquots = [self.transfer(stock, volume, order.key) for stock, volume in asked.items()]
        details: dict[str, Detail] = {
            "place": place,
            "stocks": [a.stock for a in aliquots],
            "asked": [a.asked for a in aliquots],
            # What a bubble keeps from the vial drips beside it or clings to the tip: the bottle is emptier anyway.
            "drawn": [max(a.asked, a.delivered) for a in aliquots],
            "delivered": [a.delivered for a in aliquots],
            "reported": [a.reported for a in aliquots],
            "deviation": [a.deviation for a in aliquots],
            "flagged": [a.stock for a in aliquots if a.is_flagged],
            "tips": len(aliquots),
        }
        return Prepared("mix", details, VIAL + TRANSFER * len(aliquots))

    def _check(self, volumes: Mapping[str, float], things: Things, limits: Mapping[str, Span]) -> dict[str, float]:
        """The volumes to pipette; those of zero are left out. Refused before anything moves, never half-way."""
        left = self.left(things)
        for stock, volume in volumes.items():
            if stock not in left:
                raise RefusedError(ErrorNumber.LIMIT, f"there is no stock {stock!r}; there are {', '.join(left)}")
            limits["volume"].check(f"volume of {stock}", volume)
            if volume > left[stock]:
                raise RefusedError(ErrorNumber.BLOCKED, f"{stock} holds {left[stock]:.1f} µL, asked are {volume:.2f}")
        limits["total"].check("volume in the vial", sum(volumes.values()))
        asked = {stock: volume for stock, volume in volumes.items() if volume > 0}
        if not asked:
            raise RefusedError(ErrorNumber.LIMIT, "an empty vial is no ink")
        if len(asked) > self.tips_left(things):
            raise RefusedError(ErrorNumber.BLOCKED, f"{len(asked)} tips are needed, {self.tips_left(things)} are left")
        return asked
