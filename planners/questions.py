"""Reading a question: what may still be proposed, what was learned, in an order that does not depend on arrival."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from lab_agents.records.base import Record
from lab_agents.records.recipe import Argument
from planners.errors import SettingsError
from planners.protocols import Ask, Learned
from planners.spaces import Points, as_points, remaining

R = TypeVar("R", bound=Record)


def sorted_observations(ask: Ask) -> tuple[Learned, ...]:
    """What was learned by sample, then by all else where one sample is listed twice."""
    return tuple(sorted(ask.observations, key=order))


def order(learned: Learned) -> tuple[object, ...]:
    """A key that puts equal sets of samples into one order."""
    outcomes = sorted((name, o.value, o.deviation) for name, o in learned.outcomes.items())
    return (learned.sample, learned.values, outcomes, sorted(learned.missing))


def taken(ask: Ask) -> Points:
    """Candidates that must not be proposed again: made, pending or refused, as asked."""
    rows = sorted({*ask.made, *ask.pending, *(r.values for r in ask.refused)})
    return as_points(ask.space, rows)


def choices(ask: Ask) -> Points | None:
    """What is left of the pool, shape (n, d), or None where the space is continuous."""
    if ask.pool is None:
        return None
    return remaining(as_points(ask.space, ask.pool), taken(ask))


def read_settings(planner: str, model: type[R], settings: Mapping[str, Argument] | None) -> R:
    """A planner's settings as its record.

    Raises:
        SettingsError: Naming the setting, its value and what is wrong with it.
    """
    try:
        return model.model_validate(dict(settings or {}))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        known = ", ".join(model.model_fields)
        raise SettingsError(
            f"Planner {planner}, setting {name} = {first['input']!r}: {first['msg']}. It knows {known}."
        ) from error


def no_settings(planner: str, settings: Mapping[str, Argument] | None) -> None:
    """Refuse settings of a planner that has none.

    Raises:
        SettingsError: Naming the settings.
    """
    if settings:
        raise SettingsError(f"Planner {planner} has no settings, but was given {', '.join(sorted(settings))}.")
