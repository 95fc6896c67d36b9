"""The errors of this package.

AnalysisError
├── UnknownKindError    no analysis understands this kind of measurement
├── UnreadableError     the raw record is none of its kind; measuring again would not help
└── UnusableError       the raw record says too little; measuring again may help
"""

from lab_agents.errors import LabAgentsError


class AnalysisError(LabAgentsError):
    """No value can be concluded from a measurement.

    Attributes:
        may_help: Whether another measurement of the same sample may say more.
    """

    may_help = False


class UnknownKindError(AnalysisError):
    """No analysis understands this kind of measurement."""


class UnreadableError(AnalysisError):
    """The raw record is none of its kind."""


class UnusableError(AnalysisError):
    """The raw record is one of its kind, but no value can be concluded from it."""

    may_help = True
