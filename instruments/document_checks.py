"""Checking Bluesky documents by event-model's own schemas, in a hundredth of the time."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import jsonschema_rs
from event_model import schema_validators
from jsonschema import ValidationError
from jsonschema.protocols import Validator


class QuickCheck:
    """A validator of one schema: what jsonschema-rs finds valid is valid, everything else is judged by jsonschema.

    So nothing is refused that jsonschema allows (it knows numpy's arrays), and every refusal is in its words.

    Args:
        thorough: The validator of jsonschema, whose schema it is.
    """

    def __init__(self, thorough: Validator) -> None:
        self.thorough = thorough

    @cached_property
    def _quick(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(self.thorough.schema)

    def validate(self, document: Mapping[str, Any]) -> None:
        """Return if the document is valid.

        Raises:
            ValidationError: Of jsonschema, if it is not.
        """
        try:
            is_valid = self._quick.is_valid(document)
        except (TypeError, ValueError):
            is_valid = False  # it holds something that is no JSON, which may be an array all the same
        if not is_valid:
            self.thorough.validate(document)

    def iter_errors(self, document: Mapping[str, Any]) -> Iterator[ValidationError]:
        """Everything that is wrong with a document."""
        yield from self.thorough.iter_errors(document)


def check_quickly() -> None:
    """Let this process check documents quickly, a RunEngine's composing of them included; again it changes nothing.

    A RunEngine checks each document that it composes by `event_model.schema_validators`, and so does who keeps them: in
    Python that took half of the time of an act.
    """
    for name, validator in schema_validators.items():
        if not isinstance(validator, QuickCheck):
            schema_validators[name] = QuickCheck(validator)
