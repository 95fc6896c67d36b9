"""`lab-agents stop`, `lab-agents drill`, `lab-agents stops` and `lab-agents rearm`."""

import getpass
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lab_agents.cli.exits import Exit
from lab_agents.cli.output import say, say_json, warn
from lab_agents.cli.people import Person, State
from lab_agents.cli.states import existing_state

if TYPE_CHECKING:
    from lab_agents.drills import DrillStanding
    from lab_agents.standing import Standing
    from lab_agents.state_folder import StateFolder
    from lab_agents.stop_report import StopReport
    from lab_agents.stop_request import StopAnswer

REPORTED_WITHIN = 30.0
"""Wall seconds that a guard may take to write down what it has told already: its disk may be slow."""

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("stop")(stop)
    app.command("drill")(drill)
    app.command("stops")(stops)
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
        _say_answer(answer)
        say(f"Re-arm with: lab-agents rearm {answer.id} --person YOU --reason WHY --state {folder}")
    return _judge(answer)


def drill(
    person: Annotated[
        str | None,
        typer.Option("--person", help="Who asks; by default your login name, with --if-due the lab file's person."),
    ] = None,
    state: State = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the log.")] = "a drill",
    within: Annotated[float, typer.Option("--within", help="Give up on silent machines after so many seconds.")] = 60.0,
    if_due: Annotated[
        bool, typer.Option("--if-due", help="Only if the lab file's `drills` make one due: for a machine's timer.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Try the emergency stop: all that `stop` does, and re-arm afterwards in the same person's name.

    Refused while a campaign is open: it kills whatever drives instruments. A machine's timer calls it with --if-due,
    best at an hour in which nothing runs. Where an instrument was not confirmed safe, nothing is re-armed.
    """
    from lab_agents.errors import GuardError
    from lab_agents.standing import standing_of

    folder = existing_state(state)
    standing = standing_of(folder)
    is_open = standing.campaign is not None and standing.campaign.state != "finished"
    if if_due:
        due = _due(standing)
        if not due.is_due or is_open:
            return _tell_undrilled(standing, due, as_json=as_json)
        person = person or due.person
    if set(standing.guards) != set(_place(folder)[1]):
        raise GuardError("A machine has no guard: lab-agents resume starts one. Nothing was drilled.")
    if standing.latched:
        raise GuardError(f"The laboratory is stopped by {standing.latched}; re-arm it first. Nothing was drilled.")
    if standing.campaign is not None and is_open:
        name = standing.campaign.name
        raise GuardError(f"The campaign {name} is open; drill when it has finished. Nothing was drilled.")
    return _drill(folder, standing, person or getpass.getuser(), reason=reason, within=within, as_json=as_json)


def _due(standing: "Standing") -> "DrillStanding":
    from lab_agents.errors import DeclarationError

    if standing.drill is None:
        remedy = "Write drills: {every: 7 d, person: NAME}; a running laboratory takes it up at its next start"
        raise DeclarationError("is not there", source=f"{standing.state}/lab.yaml", field="drills", remedy=remedy)
    return standing.drill


def _tell_undrilled(standing: "Standing", due: "DrillStanding", *, as_json: bool) -> Exit:
    """Say that no drill is due, or why the one that is due was not held."""
    campaign = standing.campaign.name if standing.campaign is not None and due.is_due else None
    if as_json:
        say_json({"id": None, "drill": due, "campaign": campaign})
    else:
        say(due.to_text() + ("" if campaign is None else f"; not held, because the campaign {campaign} is open"))
    return Exit.OVERDUE if due.is_due else Exit.OK


def _drill(folder: Path, standing: "Standing", person: str, *, reason: str, within: float, as_json: bool) -> Exit:
    from lab_agents.guard_client import request_rearm, request_stop

    answer = request_stop(folder, person=person, reason=reason, within=within, is_drill=True)
    code = _judge(answer)
    if code is Exit.OK:
        for machine in standing.guards:
            request_rearm(folder, answer.id, person=person, reason="the drill has ended", machine=machine)
    else:
        warn(f"Nothing was re-armed: lab-agents rearm {answer.id} --person YOU --reason WHY --state {folder}")
    reports = _await_reports(folder, answer.id, len(standing.guards) - len(answer.unanswered))
    if as_json:
        say_json({"id": answer.id, "rearmed": code is Exit.OK, "reports": reports, "unanswered": answer.unanswered})
    else:
        for report in reports:
            say(report.to_text())
    return code


def _await_reports(folder: Path, stop: str, n: int) -> list["StopReport"]:
    """The reports of a stop by `n` guards, which write them just after they answered; fewer if none come."""
    from lab_agents.stop_report import read_reports

    deadline = time.monotonic() + REPORTED_WITHIN
    while True:
        found = [report for report in read_reports(*_place(folder)).reports if report.stop.id == stop]
        if len(found) >= n or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def stops(state: State = None, as_json: AsJson = False) -> None:
    """What every emergency stop and drill did: when each instrument's safe state was written and confirmed."""
    from lab_agents.stop_report import read_reports

    kept = read_reports(*_place(existing_state(state)))
    if as_json:
        say_json({"reports": kept.reports, "unreadable": kept.unreadable})
    else:
        say("\n".join(report.to_text() for report in kept.reports) or "no stop and no drill yet")
    for trouble in kept.unreadable:
        warn(trouble)
    if kept.unreadable:
        raise typer.Exit(Exit.STATE)


def _place(path: Path) -> "tuple[StateFolder, tuple[str, ...]]":
    """The state folder and its machines."""
    from instruments.lab import read_laboratory
    from lab_agents.state_folder import StateFolder

    folder = StateFolder.open(path)
    return folder, read_laboratory(folder.lab_file).machines


def _say_answer(answer: "StopAnswer") -> None:
    say(f"stop {answer.id}")
    for name, instrument in sorted(answer.instruments.items()):
        at = f" {instrument.at:%H:%M:%S.%f}"[:-3] if instrument.at is not None else ""
        say(f"  {name}: {instrument.state}{at} {instrument.detail}".rstrip())


def _judge(answer: "StopAnswer") -> Exit:
    """Say aloud what is not confirmed safe."""
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
