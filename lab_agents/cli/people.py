"""What a person says to a running laboratory: answers, approvals, abort, pause, continue; and ways on for the log."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from lab_agents.cli.output import say, say_json

log = typer.Typer(help="Ways on when the log itself is in question.", no_args_is_help=True, rich_markup_mode=None)

State = Annotated[
    Path | None, typer.Option("--state", metavar="DIR", help="The state folder; by default the only one in lab-state.")
]
Person = Annotated[
    str,
    typer.Option(
        "--person", help="Who says it; by default the name you are logged in with.", default_factory=getpass.getuser
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands in the log.")]
Campaign = Annotated[str | None, typer.Option("--campaign", help="Which campaign; by default the open one.")]

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("answer")(answer)
    app.command("approve")(approve)
    app.command("amend")(amend)
    app.command("retract")(retract)
    app.command("abort")(abort)
    app.command("pause")(pause)
    app.command("continue")(go_on)


def answer(
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="The ticket, as status shows it.")],
    words: Annotated[str, typer.Argument(metavar="ANSWER", help="One of the ticket's remedies.")],
    person: Person,
    note: Annotated[str, typer.Option("--note", help="Anything worth keeping.")] = "",
    count: Annotated[
        float | None,
        typer.Option("--count", min=0, help="With `loaded`: pieces then in the tray, or µL in the bottle."),
    ] = None,
    state: State = None,
) -> None:
    """Answer a ticket."""
    from lab_agents.cli.submitting import submit
    from lab_agents.messages.commands import AnswerTicket

    submit(state, AnswerTicket(ticket=ticket, answer=words, person=person, note=note, count=count), subject=ticket)
    say(f"{ticket}: {words}")


def approve(
    person: Person,
    work: Annotated[
        str | None,
        typer.Argument(metavar="WORK", help="The work whose award waits; without it, all that wait are told."),
    ] = None,
    deny: Annotated[bool, typer.Option("--deny", help="Withdraw the award for good instead; needs --reason.")] = False,
    reason: Reason = "",
    note: Annotated[str, typer.Option("--note", help="Anything worth keeping.")] = "",
    state: State = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> None:
    """Approve an award that waits for it, or deny it: the work is then not done, and the planner is told why."""
    from lab_agents.cli.approving import give_word, tell_awaited

    if deny != bool(reason):
        raise typer.BadParameter("a denial says why: --deny --reason WHY" if deny else "a reason goes with --deny")
    if work is None:
        if deny:
            raise typer.BadParameter("say which work is denied: lab-agents approve WORK --deny --reason WHY")
        awaited = tell_awaited(state)
        if as_json:
            say_json({"awaited": [award.model_dump(mode="json") for award, _ in awaited]})
            return
        for award, line in awaited:
            say(f"{line}\n  {award.command}")
        if not awaited:
            say("nothing waits for an approval")
        return
    give_word(state, work, person, note=note, denied_because=reason)
    said = "denied" if deny else "approved"
    if as_json:
        say_json({"work": work, "said": said, "person": person})
    else:
        say(f"{work}: {said}")


def amend(
    person: Person,
    work: Annotated[
        str | None, typer.Argument(metavar="WORK", help="Work under way; without it, all that is under way is told.")
    ] = None,
    reason: Reason = "",
    repeat: Annotated[str | None, typer.Option("--repeat", metavar="STEP", help="Do this step once more.")] = None,
    change: Annotated[
        str | None,
        typer.Option("--set", metavar="STEP.ARGUMENT=VALUE", help="Another value, in the instrument's unit."),
    ] = None,
    line: Annotated[
        str | None, typer.Option("--line", metavar="NAME", help="Who shall do it, if nobody has accepted it yet.")
    ] = None,
    revert: Annotated[
        int | None, typer.Option("--revert", metavar="VERSION", min=1, help="Take an earlier change back.")
    ] = None,
    state: State = None,
) -> None:
    """Change work that is under way: only what has not begun, within limits, and by whom the campaign asks."""
    from lab_agents.cli.amending import amend_work, read_amendment, tell_under_way

    if work is None:
        say("\n".join(tell_under_way(state)) or "no work is under way")
        return
    if not reason:
        raise typer.BadParameter("say why: --reason WHY")
    given = [repeat, change, line, revert]
    if sum(option is not None for option in given) != 1:
        raise typer.BadParameter("give one of --repeat, --set, --line and --revert")
    try:
        amendment = read_amendment(repeat, change, line)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    say(amend_work(state, work, amendment, reverts=revert, person=person, reason=reason))


def retract(
    measurement: Annotated[str, typer.Argument(metavar="MEASUREMENT", help="As the report lists it.")],
    reason: Reason,
    person: Person,
    state: State = None,
) -> None:
    """Retract what was concluded from a measurement: models are fitted without it, and what used it is marked."""
    from lab_agents.cli.submitting import submit
    from lab_agents.messages.commands import RetractObservation

    command = RetractObservation(measurement=measurement, person=person, reason=reason)
    submit(state, command, subject=measurement)
    say(f"{measurement}: retracted, if its observations count in the open campaign; status shows if not")


def abort(reason: Reason, person: Person, campaign: Campaign = None, state: State = None) -> None:
    """End a campaign early: nothing new, what was begun runs to its outcome, samples go to the rack."""
    from lab_agents.cli.submitting import submit_for_campaign
    from lab_agents.messages.commands import AbortCampaign

    name = submit_for_campaign(state, campaign, AbortCampaign(person=person, reason=reason))
    say(f"{name}: closing; what was begun runs to its outcome")


def pause(
    person: Person,
    reason: Reason = "",
    campaign: Campaign = None,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Also hold what may wait only for a short time; its samples spoil.")
    ] = False,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Begin nothing until continued: acts and what may not wait come to their end. `status` says when all is still."""
    from lab_agents.cli.submitting import submit_for_campaign
    from lab_agents.messages.commands import PauseCampaign

    name = submit_for_campaign(state, campaign, PauseCampaign(person=person, reason=reason, at_once=at_once))
    if as_json:
        say_json({"campaign": name, "said": "paused", "person": person, "at_once": at_once})
    else:
        say(f"{name}: paused; lab-agents status says when it is still, lab-agents continue goes on")


def go_on(person: Person, campaign: Campaign = None, state: State = None, as_json: AsJson = False) -> None:
    """Go on after a pause, each task with the act that is next."""
    from lab_agents.cli.submitting import submit_for_campaign
    from lab_agents.messages.commands import ResumeCampaign

    name = submit_for_campaign(state, campaign, ResumeCampaign(person=person))
    if as_json:
        say_json({"campaign": name, "said": "continued", "person": person})
    else:
        say(f"{name}: goes on")


@log.callback()
def _log() -> None:
    """Ways on when the log itself is in question."""


@log.command("void")
def void(
    position: Annotated[int, typer.Argument(metavar="POSITION", min=1, help="Where the entry stands.")],
    reason: Reason,
    person: Person,
    state: State = None,
) -> None:
    """Let every agent pass over an entry that none can take."""
    from lab_agents.cli.submitting import submit
    from lab_agents.messages.commands import EntryVoided

    submit(state, EntryVoided(position=position, person=person, reason=reason), subject=str(position))
    say(f"entry {position} is void")


@log.command("adopt")
def adopt(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="The agent that met another log than its own.")],
    person: Person,
    state: State = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> None:
    """Let an agent take the recorder's log as its own after a restored backup: its journal is put aside and rebuilt."""
    from lab_agents.cli.adopting import adopt_log
    from lab_agents.cli.states import existing_state

    kept = adopt_log(existing_state(state), agent, person)
    if as_json:
        say_json({"agent": agent, "kept": kept})
    else:
        say(f"{agent}: its journal was put aside as {kept}; it is rebuilt from the log at its next start")
