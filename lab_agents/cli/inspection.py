"""Commands that only look: `status`, `watch`, `report`, `replay`, `audit`, `verify`."""

from pathlib import Path
from typing import Annotated

import typer

from lab_agents.cli.exits import Exit
from lab_agents.cli.output import say, say_json
from lab_agents.cli.people import State
from lab_agents.cli.states import existing_state

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
Folder = Annotated[
    Path | None, typer.Argument(metavar="[STATE]", help="The state folder; by default the only one in lab-state.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("status")(status)
    app.command("watch")(watch)
    app.command("report")(report)
    app.command("replay")(replay)
    app.command("audit")(audit)
    app.command("verify")(verify)


def status(state: State = None, as_json: AsJson = False) -> int:
    """Say how a laboratory stands: campaign, processes with role and pid, latch, open tickets."""
    from lab_agents.standing import standing_of

    standing = standing_of(existing_state(state))
    if as_json:
        say_json(standing)
    else:
        say(standing.to_text())
    return Exit.STOPPED if standing.latched else Exit.OK


def watch(
    instrument: Annotated[
        str | None, typer.Argument(metavar="INSTRUMENT", help="Which instrument; by default all of them.")
    ] = None,
    state: State = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON for each reading.")] = False,
    seconds: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", min=0.0, help="End by itself after so many seconds.")
    ] = None,
) -> None:
    """Show what instruments show, live: temperatures, dryness, lamps, and how old each reading is. Ctrl-C ends it."""
    from lab_agents.cli.watching import watch_instruments

    watch_instruments(existing_state(state), instrument, as_json=as_json, seconds=seconds)


def report(
    state: Folder = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to write; by default STATE/report.")
    ] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", help="Which campaign; by default the last.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the report of a campaign: one page that needs no network, and a table of samples."""
    from lab_agents.report.writing import write_report

    folder = existing_state(state)
    written = write_report(folder, out or folder / "report", campaign)
    if as_json:
        stops = {"stops": written.stops.reports, "unreported_stops": written.stops.unreported}
        say_json({"page": written.page, "samples": written.samples, **stops})
    else:
        say(f"report: {written.page}")
        say(f"samples: {written.samples}")


def replay(state: Folder = None, as_json: AsJson = False) -> int:
    """Take every decision in the log again and compare; compute every proposal again from its inputs."""
    from lab_agents.replay import replay_state

    result = replay_state(existing_state(state))
    if as_json:
        say_json(result)
    else:
        say(result.to_text())
    return Exit.OK if result.agrees else Exit.DIFFERENCE


def audit(state: Folder = None, as_json: AsJson = False) -> int:
    """Compare what was ordered with what moved, entry by entry, against the instruments' own ledger."""
    from lab_agents.audit import audit_state

    result = audit_state(existing_state(state))
    if as_json:
        say_json(result)
    else:
        say(result.to_text())
    return Exit.OK if result.agrees else Exit.DIFFERENCE


def verify(state: Folder = None, as_json: AsJson = False) -> int:
    """Look whether any row or blob was edited, added or taken away since the laboratory wrote it."""
    from lab_agents.verifying import verify_state

    result = verify_state(existing_state(state))
    if as_json:
        say_json(result)
    else:
        say(result.to_text())
    return Exit.OK if result.agrees else Exit.DIFFERENCE
