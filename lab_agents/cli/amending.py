"""Amending work from the command line: what was typed as a typed change, and what the laboratory made of it."""

import time
from pathlib import Path

from instruments.lab import read_laboratory
from lab_agents.agents.courses import COURSE_KINDS, Course, Courses, follow_courses
from lab_agents.cli.states import existing_state
from lab_agents.cli.submitting import submit
from lab_agents.errors import LabAgentsError
from lab_agents.messages.commands import AmendWork
from lab_agents.messages.course import AmendmentAdmitted, AwardWithdrawn
from lab_agents.messages.entry import Body
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import WorkAmended
from lab_agents.records.amendment import Amendment, RepeatStep, SetArgument, UseLine, amendment_text
from lab_agents.state_folder import StateFolder
from lab_agents.store.reader import StoreReader

ANSWER = 5.0
"""Wall seconds to wait for the holder's answer; an agent that is being started again needs longer, and then the log
tells."""
LOOK = 0.1
"""Wall seconds between two looks into the log."""
_KINDS = tuple(k.__name__ for k in (AmendmentAdmitted, WorkAmended, AwardWithdrawn, TroubleMet))


def read_amendment(repeat: str | None, change: str | None, line: str | None) -> Amendment | None:
    """The change that was typed, or None where none of these was.

    Raises:
        ValueError: If it is not written as it must be.
    """
    if repeat is not None:
        return RepeatStep(step=repeat)
    if line is not None:
        return UseLine(line=line)
    if change is None:
        return None
    where, is_given, value = change.partition("=")
    step, is_split, argument = where.partition(".")
    if not is_given or not is_split or not value:
        raise ValueError(f"{change!r} is not written as STEP.ARGUMENT=VALUE, for instance anneal.duration=900")
    return SetArgument(step=step, argument=argument, value=_number_or_text(value))


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def tell_under_way(state: Path | None) -> list[str]:
    """Each work under way with its steps: those that are over, the one that has its turn, and what may be amended."""
    folder = StateFolder.open(existing_state(state))
    services = read_laboratory(folder.lab_file).agents_of("service")
    courses: dict[str, Course] = {}
    with StoreReader(folder.store) as reader:
        followed: dict[str, Courses] = {name: {} for name in services}
        for logged in reader.entries(tuple(COURSE_KINDS)):
            followed = {name: follow_courses(known, logged, name) for name, known in followed.items()}
    for known in followed.values():
        courses |= known
    return [line for _, course in sorted(courses.items()) for line in _course_lines(course)]


def _course_lines(course: Course) -> list[str]:
    over = ", ".join(step.name for step in course.recipe.steps[: course.step])
    lines = [f"{course.work}: {course.present.name} has its turn{f', over: {over}' if over else ''}"]
    for step in course.recipe.steps[course.step + 1 :]:
        values = ", ".join(f"{name}={value}" for act in step.acts for name, value in act.arguments.items())
        lines.append(f"  {step.name}{' (may be repeated)' if step.may_repeat else ''}{f': {values}' if values else ''}")
    return lines


def amend_work(
    state: Path | None, work: str, amendment: Amendment | None, *, reverts: int | None, person: str, reason: str
) -> str:
    """Submit the change and say what became of it.

    Raises:
        LabAgentsError: If it was refused, with the reason.
        GuardError: If the laboratory does not run; the change is kept and sent when it does.
    """
    folder = StateFolder.open(existing_state(state))
    before = _head(folder)
    command = AmendWork(work=work, amendment=amendment, reverts=reverts, person=person, reason=reason)
    submit(folder.path, command, subject=work)
    until = time.monotonic() + ANSWER
    while time.monotonic() < until:
        said = [body for body in _since(folder, before) if (answer := _answer(body, work)) is not None]
        if said:
            answer = _answer(said[0], work)
            if isinstance(said[0], TroubleMet):
                raise LabAgentsError(f"{answer}.")
            what = f"version {reverts} is taken back" if amendment is None else amendment_text(amendment)
            return f"{work}: {what} ({answer})"
        time.sleep(LOOK)
    return f"{work}: submitted; who holds the work has not answered yet, status and report will tell"


def _answer(body: Body, work: str) -> str | None:
    match body:
        case WorkAmended() if body.work == work:
            return f"version {body.version}"
        case AwardWithdrawn() if body.work == work:
            return f"{body.bidder} does not get it; it is offered again"
        case TroubleMet() if body.trouble.severity == "note" and work in body.trouble.what:
            return body.trouble.what
        case _:
            return None


def _head(folder: StateFolder) -> int:
    with StoreReader(folder.store) as reader:
        return reader.head()[0]


def _since(folder: StateFolder, position: int) -> list[Body]:
    with StoreReader(folder.store) as reader:
        return [logged.entry.record for logged in reader.entries(_KINDS, after=position)]
