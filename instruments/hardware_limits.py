"""Limits in the hardware: the interlock that holds also when every process of ours is wrong."""

import math
from collections.abc import Awaitable, Callable

from instruments.drivers import Driver
from instruments.errors import TransportError
from lab_agents.records.laboratory import InstrumentDeclaration

Look = Callable[[str], Awaitable[float]]
Put = Callable[[str, float], Awaitable[None]]


async def tighten_limits(name: str, declaration: InstrumentDeclaration, driver: Driver, look: Look, put: Put) -> None:
    """Narrow the hardware's limits to those of the lab file, where the instrument holds limits; read them back.

    They are never widened: a narrower one was set by somebody at the instrument, for a reason that we do not know.
    `lab-agents labs check` names it.

    Args:
        name: The instrument, for errors.
        declaration: With its limits.
        driver: Says which signals hold the limits of which quantity.
        look: Reads a signal.
        put: Writes a signal once.

    Raises:
        TransportError: If the instrument does not answer, or does not take a limit.
    """
    if driver.limit_signals is None or driver.limited is None:
        return
    limit = declaration.limits[driver.limited]
    for signal, ours, sign in zip(driver.limit_signals, (limit.lower, limit.upper), (-1.0, 1.0), strict=True):
        if not _is_wider(await look(signal), ours, sign):
            continue
        await put(signal, ours)
        if _is_wider(found := await look(signal), ours, sign):
            raise TransportError(
                f"{name} does not take {ours:g} as its limit {signal} of {driver.limited}; it says {found:g}. Set it "
                "at the instrument, or give the driver no limit signals."
            )


def agree(found: float, declared: float) -> bool:
    """Whether two limits are the same in the 32-bit floats that instruments keep."""
    return math.isclose(found, declared, rel_tol=1e-6, abs_tol=1e-9)


def _is_wider(found: float, ours: float, sign: float) -> bool:
    return not agree(found, ours) and sign * found > sign * ours
