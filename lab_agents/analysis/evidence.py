"""What an analysis is given: a raw record, and what else is known of the sample it was taken of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lab_agents.records.recipe import Argument
from lab_agents.records.sample import AsMade

BEFORE, BLANK, SILICON = "before", "blank", "silicon"
"""Roles in `Evidence.earlier`: the same sample's spectrum before its soak, the batch's blank, the day's standard."""


@dataclass(frozen=True)
class Evidence:
    """A raw record to conclude from.

    Attributes:
        raw: The record as the instrument gave it; its kind says which analysis reads it.
        settings: What the measurement was taken with, by the names that the station declares.
        made: The composition of the measured sample, as made.
        earlier: Raw records of the same sample or batch by their role; may be empty.
        wanted: Properties and their units that the campaign asks for; only an analysis whose record does not say what
            it measures (`transmission_trace`) needs them.
    """

    raw: bytes
    settings: Mapping[str, Argument]
    made: AsMade
    earlier: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    wanted: tuple[tuple[str, str], ...] = ()
