"""What a campaign is after, in words."""

from lab_agents.records.target import Constraint, Target


def band_text(constraint: Constraint) -> str:
    """`gap from 1.33 to 1.37 eV`, `kept of at least 0.9`."""
    unit = "" if constraint.unit == "1" else f" {constraint.unit}"
    name, lower, upper = plain_name(constraint.property), constraint.lower, constraint.upper
    if lower is not None and upper is not None:
        return f"{name} from {lower:g} to {upper:g}{unit}"
    return f"{name} of at least {lower:g}{unit}" if lower is not None else f"{name} of at most {upper:g}{unit}"


def target_text(target: Target) -> str:
    """The whole target as one sentence without its full stop."""
    unit = "" if target.unit == "1" else f" ({target.unit})"
    text = f"{target.direction} {plain_name(target.property)}{unit}"
    if target.parameter is not None:
        text += f" ({target.parameter} as made)"
    if not target.constraints:
        return text
    bands = [band_text(c) for c in target.constraints]
    listed = bands[0] if len(bands) == 1 else f"{', '.join(bands[:-1])} and {bands[-1]}"
    return f"{text} with {listed}"


def plain_name(name: str) -> str:
    """A property's or parameter's name as people write it."""
    return name.replace("_", " ")
