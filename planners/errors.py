"""The errors of this package.

PlannerError
├── QuestionError       a question that contradicts itself
├── SettingsError       a planner that is not installed, or a setting it does not know
├── SpaceError          a design space, pool or point that planners cannot use
├── SurrogateError      a model that cannot be trained or asked
└── CheckpointError     bytes that are no checkpoint of this planner
"""

from lab_agents.errors import LabAgentsError


class PlannerError(LabAgentsError):
    """Anything that a planner refuses."""


class QuestionError(PlannerError):
    """A question that contradicts itself."""


class SettingsError(PlannerError):
    """A planner that is not installed, or a setting it does not know."""


class SpaceError(PlannerError):
    """A design space, pool or point that planners cannot use."""


class SurrogateError(PlannerError):
    """A model that cannot be trained or asked."""


class CheckpointError(PlannerError):
    """Bytes that are no checkpoint of this planner."""
