"""`lab-agents chaos`: a campaign in simulation under a plan of faults, and the scorecard of how it went."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from lab_agents.cli.exits import Exit
from lab_agents.cli.output import say, say_json, warn


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("chaos")(chaos)


def chaos(
    file: Annotated[Path, typer.Argument(metavar="PLAN", help="A chaos plan; `list` names the faults.")],
    state: Annotated[
        Path | None, typer.Option("--state", metavar="DIR", help="A fresh state folder; by default lab-state/PLAN-N.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="A seed instead of the plan's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with the scorecard as one JSON object.")] = False,
) -> int:
    """Run a campaign in the simulated twin of its laboratory while faults are given, and score it.

    The scorecard is written beside the state folder, as JSON and as one HTML page. Exit code 1 if a promise is broken.
    """
    from lab_agents.chaos.faults import FAULTS

    if str(file) == "list":
        say("\n".join(f"{name}: {kind.what}" for name, kind in FAULTS.items()))
        return Exit.OK
    from lab_agents.chaos.page import render_scorecard, to_text
    from lab_agents.chaos.plan import read_plan
    from lab_agents.chaos.running import run_chaos
    from lab_agents.chaos.scorecard import score

    plan = read_plan(file, seed=seed)
    folder = fresh_folder(state, plan.name)
    warn(f"state folder: {folder}; what the campaign says: {folder.with_suffix('.out')}")
    night = asyncio.run(run_chaos(plan, folder, show_progress))
    card = score(plan, folder, night)
    page, data = folder.with_suffix(".scorecard.html"), folder.with_suffix(".scorecard.json")
    page.write_text(render_scorecard(card), encoding="utf-8")
    data.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if as_json:
        say_json(card)
    else:
        say(to_text(card))
        say(f"\nscorecard: {page}\ndata: {data}")
    return Exit.OK if card.is_kept else Exit.BELOW_TARGET


def fresh_folder(state: Path | None, name: str) -> Path:
    """The folder asked for, else the first below `lab-state` of this name that does not exist."""
    if state is not None:
        return state.absolute()
    number = 1
    while (found := Path("lab-state") / f"{name}-{number}").exists():
        number += 1
    return found.absolute()


def show_progress(done: int, of: int) -> None:
    """One line that counts, on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {of} blows" + ("\n" if done == of else ""))
        sys.stderr.flush()
