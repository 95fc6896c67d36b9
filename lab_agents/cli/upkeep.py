"""Keeping a laboratory in order: `gc`, `rebuild`, `backup`, `restore`, `credentials`."""

from pathlib import Path
from typing import Annotated

import typer

from lab_agents.cli.exits import Exit
from lab_agents.cli.inspection import AsJson
from lab_agents.cli.output import say, say_json
from lab_agents.cli.people import State
from lab_agents.cli.states import existing_state
from lab_agents.errors import DeclarationError


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("gc")(gc)
    app.command("rebuild")(rebuild)
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("credentials")(credentials)


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


def backup(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A new folder for the copy.")],
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Copy log, blobs and what else cannot be made again, while the laboratory runs; the copy is verified."""
    from lab_agents.backup import back_up

    made = back_up(existing_state(state), target)
    if as_json:
        say_json(made)
    else:
        say(made.to_text())
    return Exit.OK if made.is_whole else Exit.DIFFERENCE


def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="What `backup` made.")],
    state: Annotated[Path, typer.Option("--state", metavar="NEW", help="The new state folder.")],
    as_json: AsJson = False,
) -> None:
    """Make a state folder from a backup. The former laboratory must have ended; look at the instruments first."""
    from lab_agents import backup as backups

    made = backups.restore(source, state)
    if as_json:
        say_json(made)
        return
    say(f"{made.to_text()}\nGo on with: lab-agents resume --state {made.folder}")


def credentials(
    laboratory: Annotated[str, typer.Argument(metavar="LABFILE", help="The lab file, or the name of a shipped lab.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Where; by default the lab file's `credentials`.")
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option("--host", help="A name or address of the broker's machine; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make certificates for the broker, every agent, the guards and people, and the guards' secrets: what is missing.

    What stands there is kept, and nothing secret is printed. docs/security.md says which machine needs which of them.
    """
    from instruments.lab import find_laboratory, read_laboratory
    from lab_agents.certificates import make_credentials
    from lab_agents.credentials import credentials_of

    declared = read_laboratory(find_laboratory(laboratory, Path()))
    place = credentials_of(declared)
    folder = out or (place.folder if place is not None else None)
    if folder is None:
        raise DeclarationError(
            "the laboratory names no folder for them", source=laboratory, field="credentials",
            remedy="Write `credentials: /whole/path` into the lab file, or give --out",
        )  # fmt: skip
    made = make_credentials(declared, folder, tuple(host or ()))
    if as_json:
        say_json(made)
        return
    say(f"{made.folder}: made {', '.join(made.made) or 'nothing'}")
    if made.kept:
        say(f"kept {', '.join(made.kept)}")
    say(f"valid until {made.valid_until}; name the folder in the lab file as `credentials: {made.folder}`")
