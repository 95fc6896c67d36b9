"""Keeping a state folder in order: `gc`, `rebuild`."""

from typing import Annotated

import typer

from lab_agents.cli.inspection import AsJson
from lab_agents.cli.output import say, say_json
from lab_agents.cli.people import State
from lab_agents.cli.states import existing_state


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("gc")(gc)
    app.command("rebuild")(rebuild)


def gc(
    state: State = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Delete nothing; say what would be deleted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete raw data that nothing in the log names, and that is older than an hour. The laboratory must not run."""
    from lab_agents.collecting import collect

    collected = collect(existing_state(state), is_dry=dry_run)
    if as_json:
        say_json(collected)
    else:
        say(collected.to_text())


def rebuild(state: State = None) -> None:
    """Make the tables that are queried anew from the log: after an upgrade, or where `verify` found them changed."""
    from lab_agents.state_folder import StateFolder
    from lab_agents.store.maintenance import rebuild_store

    n = rebuild_store(StateFolder.open(existing_state(state)).store)
    say(f"the tables were made anew from {n} entries")
