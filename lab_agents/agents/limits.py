"""Whether acts keep within the declared limits: asked before a bid, long before anything moves.

Only what the lab file says is asked here, so that a decision taken again on another machine is the same; the engine
and the transport check again with the driver at hand.
"""

from collections.abc import Iterable, Mapping

from instruments.errors import InterlockError
from instruments.interlocks import check_limit, check_pair
from lab_agents.records.laboratory import Laboratory, Limit
from lab_agents.records.recipe import Act
from lab_agents.records.stock import read_volumes


def find_breach(lab: Laboratory, acts: Iterable[Act]) -> str | None:
    """The limit or forbidden pair that one vial's acts would break, with instrument and number, or None."""
    inside: set[str] = set()
    for act in acts:
        declaration = lab.instruments.get(act.instrument)
        if declaration is None:
            return f"{act.instrument} is not declared"
        try:
            for name, value in act.arguments.items():
                if name in declaration.limits:
                    check_limit(act.instrument, name, value, declaration.limits[name])
            if act.plan == "mix":
                _check_mixture(act.instrument, read_volumes(str(act.arguments["volumes"])), declaration.limits)
            for material in _added(lab, act):
                check_pair(lab, act.instrument, material, inside)
                inside.add(material)
        except InterlockError as breach:
            return str(breach)
    return None


def _check_mixture(instrument: str, volumes: Mapping[str, float], limits: Mapping[str, Limit]) -> None:
    """Refuse a mixture one of whose volumes, or their sum, is outside the handler's limits."""
    for stock, volume in volumes.items():
        if "volume" in limits:
            check_limit(instrument, f"volume of {stock}", volume, limits["volume"])
    if "total" in limits:
        check_limit(instrument, "total", sum(volumes.values()), limits["total"])


def _added(lab: Laboratory, act: Act) -> Iterable[str]:
    """The materials that an act adds to a vial."""
    if act.plan == "dose":
        return (lab.channels[int(act.arguments["channel"]) - 1].parameter,)
    return read_volumes(str(act.arguments["volumes"])) if act.plan == "mix" else ()
