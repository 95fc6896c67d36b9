"""The `lab-agents` command: what there is, and how errors leave it.

Nothing heavy is imported here or in the modules of the commands, so that `--help` answers at once: a command imports
what it runs with when it runs.
"""

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from instruments.errors import InstrumentError
from lab_agents.child import ONE_THREAD
from lab_agents.cli import benchmark, chaos, checks, course, inspection, notifying, people, safety, upkeep
from lab_agents.cli.exits import Exit, exit_of
from lab_agents.errors import LabAgentsError

app = typer.Typer(
    name="lab-agents",
    help="Agents that run a self-driving materials laboratory: propose, make, measure, conclude, retrain.",
    epilog="Exit codes are listed in docs/exit-codes.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain help: rich's would triple the time until it shows.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (course, inspection, people, safety, upkeep, benchmark, chaos):
    module.register(app)
app.add_typer(checks.labs, name="labs")
app.add_typer(checks.campaigns, name="campaign")
app.add_typer(people.log, name="log")
app.add_typer(notifying.notify, name="notify")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code; an error that is ours is one message, not a traceback."""
    # Before a numerical library is loaded: reports and benchmarks compute here, as processes of a laboratory do.
    os.environ.update(ONE_THREAD)
    try:
        code = app(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except (LabAgentsError, InstrumentError) as error:
        typer.secho(f"error: {error}", fg="red", err=True)
        sys.exit(exit_of(error))
    except typer.Abort:
        sys.exit(Exit.INTERRUPTED)
    except typer.TyperException as error:
        # Usage errors show themselves with the command's usage; typer's base class does not say so.
        show = getattr(error, "show", None)
        typer.echo(str(error), err=True) if show is None else show()
        sys.exit(error.exit_code)
    except Exception:  # noqa: BLE001 - the command's edge: Python's own code of an error is that of a missed target
        traceback.print_exc()
        sys.exit(Exit.BUG)
    sys.exit(code or Exit.OK)
