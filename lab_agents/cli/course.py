"""`lab-agents run`, `resume` and `end`: submit a campaign, show it until it has finished, put a laboratory to rest."""

from pathlib import Path
from typing import Annotated

import typer

from lab_agents.cli.people import Person, State

Plain = Annotated[bool, typer.Option("--plain", help="One line for each notable event, also on a terminal.")]
NoReport = Annotated[bool, typer.Option("--no-report", help="Write no report at the end.")]
Speed = Annotated[
    float | None,
    typer.Option(
        "--speed", min=0.001, help="Laboratory seconds per second at most, to watch; default: as fast as rest allows."
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("run")(run)
    app.command("resume")(resume)
    app.command("end")(end)


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A campaign file.")],
    person: Person,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="DIR", help="The state folder; by default lab-state/<lab>.")
    ] = None,
    table: Annotated[Path | None, typer.Option("--table", help="The table to replay, instead of the file's.")] = None,
    lab: Annotated[
        str | None, typer.Option("--lab", help="Another laboratory: its name, or the path of a lab file.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="A seed instead of the file's.")] = None,
    speed: Speed = None,
    plain: Plain = False,
    no_report: NoReport = False,
) -> int:
    """Run a campaign: start its laboratory if it does not run, submit, and show it until it has finished.

    Ctrl-C once finishes what cannot be interrupted and puts everything to rest; twice leaves it running without this
    display. Either way `lab-agents resume` goes on.
    """
    from lab_agents.campaign_check import check_against_lab
    from lab_agents.campaign_file import read_campaign
    from lab_agents.cli.campaigns import run_campaign
    from lab_agents.cli.following import Wishes

    campaign = read_campaign(file, table, lab=lab, seed=seed)
    laboratory = check_against_lab(campaign)
    return run_campaign(campaign, laboratory, Wishes(state, person, speed, plain, not no_report))


def resume(person: Person, state: State = None, plain: Plain = False, no_report: NoReport = False) -> int:
    """Go on with a laboratory: attach to it if it runs, start it if it does not, and show its campaign."""
    from lab_agents.cli.campaigns import resume_campaign
    from lab_agents.cli.following import Wishes
    from lab_agents.cli.states import existing_state

    return resume_campaign(existing_state(state), Wishes(state, person, None, plain, not no_report))


def end(
    state: State = None,
    now: Annotated[
        bool, typer.Option("--now", help="Do not wait for what runs; the next start reconciles it.")
    ] = False,
) -> None:
    """End a laboratory's processes in order: start nothing, finish what cannot be interrupted, save, rest.

    What Ctrl-C does in `run`, for a laboratory that nobody watches. The campaign stays open: `resume` goes on with it.
    """
    from lab_agents.cli.campaigns import end_laboratory
    from lab_agents.cli.states import existing_state

    end_laboratory(existing_state(state), is_hasty=now)
