"""Changes to work that is under way."""

from typing import Annotated, Literal

from pydantic import Field

from lab_agents.records.base import Name, Record
from lab_agents.records.recipe import Argument


class RepeatStep(Record):
    """Do a step once more right after itself, or right after the present step where it is over: anneal again.

    Only a step whose recipe says that it may be repeated: one that draws nothing and leaves the sample where it stands.
    """

    kind: Literal["repeat_step"] = "repeat_step"
    step: Name


class SetArgument(Record):
    """Give an argument of a step's acts another value, in the instrument's unit: a longer scan, a hotter anneal."""

    kind: Literal["set_argument"] = "set_argument"
    step: Name
    argument: Name
    value: Argument


class UseLine(Record):
    """Let another line or station do work that nobody has accepted yet."""

    kind: Literal["use_line"] = "use_line"
    line: Name


Amendment = Annotated[RepeatStep | SetArgument | UseLine, Field(discriminator="kind")]
"""A typed change of a piece of work; it concerns only what has not begun."""


def amendment_text(amendment: Amendment) -> str:
    """For people."""
    match amendment:
        case RepeatStep():
            return f"repeat {amendment.step}"
        case SetArgument():
            return f"{amendment.argument} of {amendment.step} = {amendment.value}"
        case UseLine():
            return f"use {amendment.line}"
