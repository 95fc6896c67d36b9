"""Control charts: whether a series of control values says that an instrument still measures what it did.

[Westgard1981] Westgard, Barry, Hunt, Groth, Clin. Chem. 27, 493 (1981): a multi-rule Shewhart chart.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Rule = Literal["1-3s", "2-2s", "R-4s", "4-1s", "10-x"]


def _beyond(limit: float, n: int) -> Callable[[Sequence[float]], bool]:
    """Whether the last `n` all lie beyond `limit` on the same side."""

    def is_broken(z: Sequence[float]) -> bool:
        last = z[-n:]
        return len(last) == n and (all(x > limit for x in last) or all(x < -limit for x in last))

    return is_broken


def _is_apart(z: Sequence[float]) -> bool:
    """Whether one of the last two lies above + 2 s and the other below - 2 s."""
    return len(z) > 1 and max(z[-2:]) > 2 and min(z[-2:]) < -2


RULES: Mapping[Rule, tuple[int, Callable[[Sequence[float]], bool]]] = MappingProxyType(
    {
        "1-3s": (1, _beyond(3.0, 1)),
        "2-2s": (2, _beyond(2.0, 2)),
        "R-4s": (2, _is_apart),
        "4-1s": (4, _beyond(1.0, 4)),
        "10-x": (10, _beyond(0.0, 10)),
    }
)
"""How many controls each rule reads, and when they break it [Westgard1981]: 1-3s and R-4s find random errors, the
others shifts and drifts. R-4s is meant for the controls of one run; here a run is two controls in a row."""


@dataclass(frozen=True)
class Verdict:
    """Whether a series of controls is in control.

    Attributes:
        rule: The rule that is broken, or None: in control.
        broken_at: Index of the control that broke it, or None.
        last_good: Index of the last control before those that broke the rule, which vouches for what was measured
            before it; None where no control does. In control it is the last one, and None in an empty series.
        reason: For a person: what was found, in deviations.
        z: The controls that the broken rule reads, in deviations from the mean; in control the last one.
    """

    rule: Rule | None
    broken_at: int | None
    last_good: int | None
    reason: str
    z: tuple[float, ...] = ()

    @property
    def is_in_control(self) -> bool:
        """Whether no rule is broken."""
        return self.rule is None


def judge_controls(values: Sequence[float], mean: float, deviation: float) -> Verdict:
    """The verdict on a series of controls, oldest first, since the last calibration.

    The earliest control that breaks a rule decides; of several rules that it breaks, the one that reads furthest back,
    since the trouble began there. A control that is no number breaks 1-3s.

    Args:
        values: A blank's absorbance, the position of a silicon line, the gap of a control film, and the like.
        mean: What is expected, in the same unit.
        deviation: Of one control in order, in the same unit, > 0.

    Raises:
        ValueError: If mean or deviation are no such numbers.
    """
    if not math.isfinite(mean) or not 0 < deviation < math.inf:
        raise ValueError(f"A chart takes a finite mean and a positive deviation, not {mean} ± {deviation}.")
    z = [(value - mean) / deviation for value in values]
    z = [x if math.isfinite(x) else math.inf for x in z]
    for end in range(1, len(z) + 1):
        broken = [(n, rule) for rule, (n, is_broken) in RULES.items() if is_broken(z[:end])]
        if broken:
            n, rule = max(broken)
            good = end - n - 1
            last = tuple(z[end - n : end])
            return Verdict(rule, end - 1, good if good >= 0 else None, _reason(rule, last), last)
    return Verdict(None, None, len(z) - 1 if z else None, f"{len(z)} controls in control", tuple(z[-1:]))


def _reason(rule: Rule, last: Sequence[float]) -> str:
    found = ", ".join(f"{x:+.1f}" for x in last)
    return f"rule {rule} is broken: {found} standard deviations from what is expected"
