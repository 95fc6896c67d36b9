"""Numbers, times and compositions as people read them."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from lab_agents.records.space import DesignSpace


def with_deviation(value: float, deviation: float) -> str:
    """`0.0123 ± 0.0021`: the deviation with two significant digits, the value with as many decimals."""
    if not deviation > 0:
        return f"{value:.4g}"
    decimals = max(0, 1 - math.floor(math.log10(deviation)))
    if decimals > 8:
        return f"{value:.4g} ± {deviation:.1e}"
    return f"{value:.{decimals}f} ± {deviation:.{decimals}f}"


def duration(span: timedelta) -> str:
    """`2 d 3 h`, `4 h 12 min`, `2 min 5 s` or `8.1 s`: the two largest units."""
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {int(seconds % 60)} s"


def with_unit(value: float, deviation: float, unit: str) -> str:
    """`1.351 ± 0.006 eV`; a pure number has no unit."""
    text = with_deviation(value, deviation)
    return text if unit == "1" else f"{text} {unit}"


def composition_text(values: Mapping[str, float], space: DesignSpace | None) -> str:
    """`PCE10 62.0 %, PCBM 38.0 %` for mixtures (absent components left out), else `n 8, theta 30`.

    Of a space with several groups of fractions each group is told so, and then the other parameters:
    `fa 90.0 %, cs 10.0 % · sn 82.0 %, pb 18.0 % · anneal time 20 min`.
    """
    if space is None:
        return _plainly(values, {})
    groups = [_shares({name: values[name] for name in group if name in values}) for group in space.simplices]
    grouped = {name for group in space.simplices for name in group}
    others = {name: value for name, value in values.items() if name not in grouped}
    units = {p.name: p.unit for p in space.parameters}
    return " · ".join(part for part in (*groups, _plainly(others, units)) if part)


def _shares(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {100 * share:.1f} %" for name, share in values.items() if share >= 0.0005)


def _plainly(values: Mapping[str, float], units: Mapping[str, str]) -> str:
    names = {n: n.replace("_", " ") for n in values}
    return ", ".join(
        f"{names[n]} {v:.4g}{'' if units.get(n, '1') == '1' else ' ' + units[n]}" for n, v in values.items()
    )


def until_text(deadline: datetime | None, default: str) -> str:
    """`; on 2026-01-02 08:30 UTC: discard`: what is taken for an answer when, or nothing where a ticket waits on."""
    return "" if deadline is None else f"; on {deadline.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {default}"


def percent(chance: float) -> str:
    """`93 %`, `0.4 %`, `99.5 %`, `> 99.9 %`: a chance as people read it, with a decimal where it is nearly sure."""
    if chance > 0.999:
        return "> 99.9 %"
    if 0 < chance < 0.001:
        return "< 0.1 %"
    is_middle = 0.095 <= chance < 0.985 or chance == 0
    return f"{100 * chance:.0f} %" if is_middle else f"{100 * chance:.1f} %"


def short(address: str | None) -> str:
    """The first ten digits of a content address."""
    return address[:10] if address else "-"


def count(n: int, thing: str) -> str:
    """`1 sample`, `2 samples`."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
