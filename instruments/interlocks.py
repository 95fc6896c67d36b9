"""Interlocks: what is refused before anything moves, and once more just before the write.

Pure functions over records: an agent calls them before it bids, the engine before an act, the device before its write.
"""

import math
from collections.abc import Collection, Iterable, Mapping

from instruments.drivers import ActDeclaration, ArgumentKind, load_driver
from instruments.errors import InterlockError
from lab_agents.records.laboratory import InstrumentDeclaration, Laboratory, Limit
from lab_agents.records.recipe import Act, Argument
from lab_agents.records.stock import read_volumes

CHANNELS = 4
"""Of every dispenser."""


def check_act(laboratory: Laboratory, act: Act) -> None:
    """Refuse an act that its instrument must not or cannot do.

    Raises:
        InterlockError: Naming instrument, set-point, value and limit.
    """
    declaration = laboratory.instruments.get(act.instrument)
    if declaration is None:
        raise _refusal(act.instrument, f"{laboratory.name} declares no instrument {act.instrument}")
    check_set_points(act.instrument, declaration, act.plan, act.arguments)
    places = {place.name for place in laboratory.all_places}
    for name, kind in _declared(act.instrument, declaration, act.plan).arguments.items():
        value = act.arguments[name]
        if kind == "place" and places and value not in places:
            raise _refusal(act.instrument, f"{act.plan} names {name} {value}, which is no place", name, value)
        if kind == "mixture":
            _check_mixture(laboratory, act.instrument, str(value))
        if kind == "channel" and laboratory.channels and float(value) > len(laboratory.channels):
            many = len(laboratory.channels)
            raise _refusal(act.instrument, f"channel {value} is not declared; there are {many}", name, value)


def check_acts(laboratory: Laboratory, acts: Iterable[Act]) -> None:
    """Refuse a task any of whose acts is refused, or whose doses bring a forbidden pair into one vial.

    Raises:
        InterlockError: For the first act that is refused.
    """
    in_vial: dict[str, set[str]] = {}
    for act in acts:
        check_act(laboratory, act)
        if act.plan == "new_vial":
            in_vial[act.instrument] = set()
        dosed = _dosed(laboratory, act)
        if dosed is None:
            continue
        inside = in_vial.setdefault(act.instrument, set())
        check_pair(laboratory, act.instrument, dosed, inside)
        inside.add(dosed)


def check_pair(laboratory: Laboratory, instrument: str, dosed: str, inside: Collection[str]) -> None:
    """Refuse to dose a material onto one that it must never meet.

    Raises:
        InterlockError: Naming both, and the lab file's reason.
    """
    for pair in laboratory.interlocks.forbidden_pairs:
        other = pair.other_than(dosed)
        if other is not None and other in inside:
            raise _refusal(instrument, f"{dosed} must not meet {other}, which is in the vial: {pair.because}", dosed)


def check_exclusive(laboratory: Laboratory, instrument: str, moving: Collection[str]) -> None:
    """Refuse to start an instrument while another one of its exclusive groups moves.

    Raises:
        InterlockError: Naming the other one.
    """
    for group in laboratory.interlocks.exclusive:
        if instrument not in group.instruments:
            continue
        others = sorted(set(group.instruments) & (set(moving) - {instrument}))
        if others:
            raise _refusal(instrument, f"{others[0]} moves, and only one may: {group.because}")


def _check_mixture(laboratory: Laboratory, instrument: str, text: str) -> None:
    volumes = read_volumes(text)
    poured = [stock for stock, volume in volumes.items() if volume > 0]
    known = {stock.name: stock for stock in laboratory.stocks}
    for stock, volume in volumes.items():
        if stock not in known:
            raise _refusal(instrument, f"there is no stock {stock}; there are {', '.join(known) or 'none'}", stock)
        if volume > known[stock].amount:
            raise _refusal(instrument, f"a full bottle of {stock} holds {known[stock].amount:g} µL", stock, volume)
    for stock in poured:
        check_pair(laboratory, instrument, stock, poured)


def check_set_points(
    instrument: str, declaration: InstrumentDeclaration, command: str, arguments: Mapping[str, Argument]
) -> None:
    """Refuse a command whose arguments are not exactly its own, or outside the instrument's limits.

    Raises:
        InterlockError: Naming instrument, set-point, value and limit.
    """
    declared = _declared(instrument, declaration, command)
    if set(arguments) != set(declared.arguments):
        wanted, given = ", ".join(sorted(declared.arguments)) or "none", ", ".join(sorted(arguments)) or "none"
        raise _refusal(instrument, f"{command} takes the set-points {wanted}; given are {given}")
    for name, kind in declared.arguments.items():
        _check_argument(instrument, declaration, name, kind, arguments[name])


def check_limit(instrument: str, name: str, value: object, limit: Limit) -> None:
    """Refuse a value that is no finite number inside its limit.

    Raises:
        InterlockError: Naming instrument, set-point, value and limit.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refusal(instrument, f"{name} {value!r} is no number", name, str(value))
    if not _is_finite(value):
        raise _refusal(instrument, f"{name} {value} is not finite", name, str(value))
    if value == 0 and math.copysign(1.0, value) < 0:
        raise _refusal(instrument, f"{name} is minus zero: its sign was lost or made up somewhere", name, value)
    if not limit.lower <= value <= limit.upper:
        span = f"{limit.lower:g} to {limit.upper:g} {limit.unit}"
        raise _refusal(instrument, f"{name} {value:g} {limit.unit} is outside its limits, {span}", name, value)
    if limit.smallest is not None and 0 < abs(value) < limit.smallest:
        least = f"{limit.smallest:g} {limit.unit}"
        raise _refusal(instrument, f"{name} {value:g} {limit.unit} is below the smallest, {least}", name, value)


def _check_argument(
    instrument: str, declaration: InstrumentDeclaration, name: str, kind: ArgumentKind, value: object
) -> None:
    if kind == "quantity":
        limit = declaration.limits.get(name)
        if limit is None:
            raise _refusal(instrument, f"no limit is declared for {name}; declare one in the lab file", name)
        check_limit(instrument, name, value, limit)
    elif kind == "channel":
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= CHANNELS:
            raise _refusal(instrument, f"{name} {value!r} is no channel; they are 1 to {CHANNELS}", name, str(value))
    elif kind == "mixture":
        _check_volumes(instrument, declaration, name, value)
    elif not isinstance(value, str) or not value:
        raise _refusal(instrument, f"{name} {value!r} is no place", name, str(value))


def _check_volumes(instrument: str, declaration: InstrumentDeclaration, name: str, value: object) -> None:
    try:
        volumes = read_volumes(value) if isinstance(value, str) else {}
    except ValueError as error:
        raise _refusal(instrument, f"{name} cannot be meant: {error}", name, str(value)) from error
    if not any(volumes.values()):
        raise _refusal(instrument, f"{name} {value!r} is an empty mixture", name, str(value))
    for quantity, checked in (("volume", volumes), ("total", {"all of them": round(sum(volumes.values()), 2)})):
        limit = declaration.limits.get(quantity)
        if limit is None:
            raise _refusal(instrument, f"no limit is declared for {quantity}; declare one in the lab file", quantity)
        for stock, volume in checked.items():
            check_limit(instrument, f"{quantity} of {stock}", volume, limit)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        # A whole number that no float can hold.
        return False


def _declared(instrument: str, declaration: InstrumentDeclaration, command: str) -> ActDeclaration:
    acts = load_driver(declaration.driver).acts
    if command not in acts:
        raise _refusal(instrument, f"{declaration.driver} cannot {command}; it can {', '.join(sorted(acts))}")
    return acts[command]


def _dosed(laboratory: Laboratory, act: Act) -> str | None:
    """The parameter whose material a dose adds."""
    channel = act.arguments.get("channel")
    if act.plan != "dose" or not isinstance(channel, int) or channel > len(laboratory.channels):
        return None
    return laboratory.channels[channel - 1].parameter if act.arguments.get("volume") else None


def _refusal(instrument: str, what: str, quantity: str = "", value: float | str | None = None) -> InterlockError:
    return InterlockError(f"{instrument}: {what}.", instrument=instrument, quantity=quantity, value=value)
