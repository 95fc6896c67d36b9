"""Whether acts keep within the declared limits: asked before a bid, long before anything moves.

Only what the lab file says is asked here, so that a decision taken again on another machine is the same; the engine
and the transport check again with the driver at hand.
"""

from collections.abc import Iterable

from instruments.errors import InterlockError
from instruments.interlocks import check_limit, check_pair
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act


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
            if act.plan == "dose":
                material = lab.channels[int(act.arguments["channel"]) - 1].parameter
                check_pair(lab, act.instrument, material, inside)
                inside.add(material)
        except InterlockError as breach:
            return str(breach)
    return None
