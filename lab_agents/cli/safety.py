"""`lab-agents stop` and `lab-agents rearm`."""

from typing import Annotated

import typer

from lab_agents.cli.exits import Exit
from lab_agents.cli.output import say, say_json, warn
from lab_agents.cli.people import Person, State
from lab_agents.cli.states import existing_state

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("stop")(stop)
    app.command("rearm")(rearm)


def stop(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the log.")],
    person: Person,
    state: State = None,
    within: Annotated[
        float | None, typer.Option("--within", help="Give up on silent machines after so many seconds; default: never.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Emergency stop request: kill what drives instruments, write safe states, read them back, latch.

    It goes past broker, log and agents, and also works when all of them are dead. It is a request to software; a
    laboratory's hardware interlocks stay its safety function.
    """
    from lab_agents.guard_client import request_stop

    folder = existing_state(state)
    answer = request_stop(folder, person=person, reason=reason, within=within)
    if as_json:
        say_json(answer)
    else:
        say(f"stop {answer.id}")
        for name, instrument in sorted(answer.instruments.items()):
            at = f" {instrument.at:%H:%M:%S.%f}"[:-3] if instrument.at is not None else ""
            say(f"  {name}: {instrument.state}{at} {instrument.detail}".rstrip())
        say(f"Re-arm with: lab-agents rearm {answer.id} --person YOU --reason WHY --state {folder}")
    unsafe = [n for n, i in answer.instruments.items() if i.state != "safe at"]
    if answer.unanswered:
        warn(f"No guard answered on: {', '.join(answer.unanswered)}. Go and look.")
    if unsafe:
        warn(f"Not confirmed safe: {', '.join(sorted(unsafe))}. Go and look.")
    return Exit.STOPPED if unsafe or answer.unanswered else Exit.OK


def rearm(
    stopped: Annotated[str, typer.Argument(metavar="STOP", help="The stop's id, as stop and status show it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is safe again; it stands in the log.")],
    person: Person,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Let a stopped laboratory start its instruments again; the stop is named, so that no other one is lifted."""
    from lab_agents.guard_client import request_rearm

    answer = request_rearm(existing_state(state), stopped, person=person, reason=reason)
    if as_json:
        say_json(answer)
    else:
        say(f"re-armed after {stopped}" + (f"; still latched by {answer.latched}" if answer.latched else ""))
    return Exit.STOPPED if answer.latched else Exit.OK
