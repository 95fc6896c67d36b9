"""Raw records as JSON, and the settings they were taken with: read once, refused with the reason."""

import math
from typing import TypeVar

from pydantic import ValidationError

from lab_agents.analysis.errors import UnreadableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.records.base import Record

R = TypeVar("R", bound=Record)


def read_record(model: type[R], raw: bytes, noun: str) -> R:
    """The raw record as a `model`; `noun` is what the instrument calls it.

    Raises:
        UnreadableError: If it is none: no JSON, a missing or foreign field, a number that is NaN.
    """
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "record"
        raise UnreadableError(f"This is no {noun}: {place}: {first['msg']}.") from error


def find_setting(evidence: Evidence, name: str) -> float | None:
    """A setting that must be a positive number where it stands, or None where it does not stand.

    Raises:
        UnreadableError: If it is no positive number.
    """
    value = evidence.settings.get(name)
    if value is None:
        return None
    if isinstance(value, str) or not 0 < value < math.inf:
        raise UnreadableError(f"The setting {name} is {value!r}, no positive number. Correct the station's settings.")
    return float(value)
