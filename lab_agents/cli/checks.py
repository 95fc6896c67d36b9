"""`lab-agents labs check` and `lab-agents campaign check`: everything that can be known before anything moves."""

from pathlib import Path
from typing import Annotated

import typer

from lab_agents.cli.exits import Exit
from lab_agents.cli.output import say, say_json

labs = typer.Typer(help="Laboratories and their files.", no_args_is_help=True, rich_markup_mode=None)
campaigns = typer.Typer(help="Campaign files.", no_args_is_help=True, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


@labs.callback()
def _labs() -> None:
    """Laboratories and their files."""


@campaigns.callback()
def _campaigns() -> None:
    """Campaign files."""


@labs.command("check")
def check_lab(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A lab file, or the name of a laboratory that comes along.")
    ],
    as_json: AsJson = False,
) -> int:
    """Check a lab file: fields, drivers, addresses, limits in the hardware, what an instrument cannot promise.

    Nothing moves: limits are read, not written.
    """
    from lab_agents.lab_check import check_laboratory

    report = check_laboratory(file)
    if as_json:
        say_json(report)
    else:
        say(report.to_text())
    return Exit.OK if report.is_good else Exit.DECLARATION


@campaigns.command("check")
def check_campaign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A campaign file.")],
    table: Annotated[Path | None, typer.Option(help="The table to replay, instead of the file's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a campaign file against its table and its laboratory."""
    from lab_agents.campaign_check import check_against_lab
    from lab_agents.campaign_file import read_campaign

    campaign = read_campaign(file, table)
    check_against_lab(campaign)
    if as_json:
        say_json({"name": campaign.plan.name, "lab": campaign.lab, "plan": campaign.plan, "table": campaign.table_path})
        return
    plan = campaign.plan
    pool = f", {len(campaign.pool)} candidates in the table" if campaign.pool is not None else ""
    say(f"{file}: good. {plan.name} in {campaign.lab}: {plan.target.direction} {plan.target.property}")
    say(f"  {plan.budget.samples} samples in batches of {plan.batch}, planner {plan.planner.name}{pool}")
