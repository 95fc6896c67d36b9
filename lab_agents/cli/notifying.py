"""`lab-agents notify test`: would people be told?"""

from typing import Annotated

import typer

from lab_agents.cli.exits import Exit
from lab_agents.cli.inspection import AsJson
from lab_agents.cli.output import say, say_json
from lab_agents.cli.people import State
from lab_agents.cli.states import existing_state

notify = typer.Typer(help="Telling people outside the laboratory.", no_args_is_help=True, rich_markup_mode=None)


@notify.callback()
def _notify() -> None:
    """Telling people outside the laboratory."""


@notify.command("test")
def send_trial(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]", help="A lab file, or a laboratory's name; by default that of the state folder."
        ),
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="NAME", help="Only this channel; by default all of them.")
    ] = None,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Send a trial message by every channel under `notifications` in the lab file, and say what became of each."""
    from pathlib import Path

    from instruments.lab import find_laboratory, read_laboratory
    from lab_agents.errors import DeclarationError
    from lab_agents.notify.delivery import wall_now
    from lab_agents.notify.trial import try_channels
    from lab_agents.state_folder import StateFolder

    path = StateFolder.open(existing_state(state)).lab_file if file is None else find_laboratory(file, Path())
    laboratory = read_laboratory(path)
    declared = laboratory.notifications
    wanted = {name: one for name, one in declared.items() if channel in (None, name)}
    if not wanted:
        known = f"; there are {', '.join(declared)}" if declared else ""
        what = "no channel is declared" if channel is None else f"there is no channel {channel!r}{known}"
        raise DeclarationError(what, source=str(path), field="notifications", remedy="See docs/notifications.md")
    trials = try_channels(laboratory.name, wanted, wall_now())
    if as_json:
        say_json({"channels": trials})
    else:
        say("\n".join(trial.to_text() for trial in trials))
    return Exit.OK if all(trial.is_taken for trial in trials) else Exit.UNREACHABLE
