"""What commands print: text for people, JSON for programs."""

import typer
from pydantic_core import to_json


def say(text: str = "") -> None:
    """One or more lines on standard output."""
    typer.echo(text)


def say_json(answer: object) -> None:
    """One JSON object on standard output; records, paths and times become what JSON has for them."""
    typer.echo(to_json(answer, indent=2).decode())


def warn(text: str) -> None:
    """A line on standard error."""
    typer.echo(text, err=True)
