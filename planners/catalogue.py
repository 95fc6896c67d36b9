"""Finding a planner by its name: entry points of the group `lab_agents.planners`, ours and other people's alike."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import cast

from lab_agents.records.recipe import Argument
from planners.errors import SettingsError
from planners.protocols import Planner

GROUP = "lab_agents.planners"


def make_planner(name: str, settings: Mapping[str, Argument]) -> Planner:
    """A planner by its entry point's name; the entry point is called with the settings.

    Raises:
        SettingsError: If no installed package offers it (naming those that are offered), or it refuses a setting.
    """
    offered = entry_points(group=GROUP)
    if name not in offered.names:
        raise SettingsError(f"There is no planner {name!r}; installed are {', '.join(sorted(offered.names))}.")
    return cast(Planner, offered[name].load()(settings))
