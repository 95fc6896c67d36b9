"""The course of reserved work, step by step, as each owner of a step follows it.

A course begins with `ReservationRequested` (which carries the recipe) and ends with `ReservationReleased`. The owner of
step 0 starts its task when `ReservationMade` comes, the owner of step k when step k - 1 is over: one task at a time for
each instrument, those that may wait for a short time only before the others, else in the order in which they fell due.

A failed step is tried again, passed over, asked about, or ends the work, as its policy says (`what_follows`); what may
have moved is never repeated by a policy. A step that comes later than its `max_wait` is not started: its owner's timer
rings, and the step fails. An amendment changes steps that come after the present one; at its own position in the log
everybody who follows the course takes it, or nobody does.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, Field

from lab_agents.agents.behaviour import Job
from lab_agents.agents.pauses import UNPAUSED, Pauses
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import Timer, TimerRang
from lab_agents.messages.work import (
    WORK_KINDS,
    ReservationMade,
    ReservationRefused,
    ReservationReleased,
    ReservationRequested,
    TaskDone,
    TaskFailed,
    TaskStarted,
    WorkAmended,
)
from lab_agents.records.base import FrozenMap, Identifier, Name, Record, with_item, without_item
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import LAST_ATTEMPT, Act, Need, Recipe, Step, Task

COURSE_KINDS = WORK_KINDS | {"TicketClosed"}
STEP_ANSWERS = ("retry", "skip", "discard")
"""What a person may say of a failed step whose policy is to ask."""
MEASURED_AGAIN = 2
"""So often a measurement whose data are gone is made again: an instrument that loses three in a row is broken."""

Phase = Literal["requested", "due", "late", "started", "moving", "retrying", "asking", "over", "failed"]
Following = Literal["retry", "skip", "ask", "end"]


class Course(Record):
    """Where a piece of reserved work stands, as `me` follows it.

    `step` is the next or present one, `since` the entry that led to the phase, `attempt` counts the tries of the step
    from 0. After `deadline` the step is not started any more; at `resume_at` it is tried again.
    """

    me: Name
    work: Identifier
    sample: Identifier
    campaign: str | None
    holder: Name
    service: Name
    needs: tuple[Need, ...]
    recipe: Recipe
    places: FrozenMap[Name, Name] = Field(default_factory=dict)
    step: int = 0
    attempt: int = 0
    phase: Phase = "requested"
    since: int
    deadline: AwareDatetime | None = None
    resume_at: AwareDatetime | None = None
    job: Job | None = None

    @property
    def present(self) -> Step:
        """The step that is next or under way."""
        return self.recipe.steps[min(self.step, len(self.recipe.steps) - 1)]

    @property
    def is_mine(self) -> bool:
        """Whether the follower owns the present step."""
        return self.present.owner == self.me

    @property
    def is_chained(self) -> bool:
        """Whether the present step may wait only for a short time, so that a pause does not part it from the last."""
        return self.step > 0 and self.present.max_wait is not None

    @property
    def has_ended(self) -> bool:
        """Whether no step will be begun any more."""
        return self.phase in ("over", "failed")

    def has_ended_at(self, position: int) -> bool:
        """Whether the entry at `position` was the last that mattered."""
        return self.has_ended and self.since == position

    @property
    def task_id(self) -> Identifier:
        """The id of the present step's task: it does not change with attempts."""
        return f"{self.work}/{self.step}"

    @property
    def timers(self) -> tuple[Timer, ...]:
        """When the follower wants to be woken, as the owner of a step that waits."""
        if self.phase not in ("due", "retrying") or not self.is_mine:
            return ()
        wanted = {_late(self): self.deadline, _again(self): self.resume_at if self.phase == "retrying" else None}
        return tuple(Timer(subject=self.work, purpose=p, due=due) for p, due in wanted.items() if due is not None)

    @property
    def wait(self) -> str | None:
        """Why the present step does not move, or None."""
        step = self.present
        match self.phase:
            case "due":
                return f"waiting for {step.owner} to {step.name}"
            case "retrying":
                return f"retrying({self.attempt}): {step.owner} will {step.name} again"
            case "asking":
                return f"awaiting a person: {step.name} failed; {', '.join(STEP_ANSWERS)}?"
            case _:
                return None


Courses = FrozenMap[str, Course]


def follow_courses(courses: Courses, logged: Logged, me: str) -> Courses:
    """The courses after an entry: those in which `me` owns a step, holds, or grants the reservation."""
    body = logged.entry.record
    match body:
        case ReservationRequested():
            owners = {body.service, logged.seal.source, *(s.owner for s in body.recipe.steps)}
            return with_item(courses, body.work, _requested(body, logged, me)) if me in owners else courses
        case TicketClosed():
            return {w: _answered(c, body, logged) for w, c in courses.items()}
        case TimerRang():
            course = courses.get(logged.entry.subject) if logged.seal.source == me else None
            return courses if course is None else with_item(courses, course.work, _rang(course, body, logged.position))
        case ReservationRefused() | ReservationReleased():
            return without_item(courses, body.work) if body.work in courses else courses
        case ReservationMade() | TaskDone() | TaskFailed() | WorkAmended():
            course = courses.get(body.work)
        case TaskStarted():
            course = courses.get(body.task.work)
        case _:
            return courses
    return courses if course is None else with_item(courses, course.work, _follow(course, logged))


def _follow(course: Course, logged: Logged) -> Course:
    match logged.entry.record:
        case ReservationMade(places=places):
            return course.model_copy(update={"places": places, "phase": "due", "since": logged.position})
        case TaskStarted(task=task):
            return _started(course, task, logged.position)
        case TaskDone(step=step) as done if step == course.step:
            ended = done.results[-1].ended_at if done.results else logged.entry.at
            return _go_on(course, logged.position, ended)
        case TaskFailed(step=step) as failed if step == course.step:
            return _failed(course, failed, logged)
        case WorkAmended(recipe=recipe) if keeps_begun(course.recipe, recipe, course.step):
            return course.model_copy(update={"recipe": recipe})
        case _:
            return course


def keeps_begun(recipe: Recipe, amended: Recipe, present: int) -> bool:
    """Whether an amended recipe leaves every step up to the present one as it is: those may have begun."""
    return amended.needs == recipe.needs and amended.steps[: present + 1] == recipe.steps[: present + 1]


def _requested(body: ReservationRequested, logged: Logged, me: str) -> Course:
    return Course(
        me=me,
        work=body.work,
        sample=body.sample,
        campaign=logged.entry.campaign,
        holder=logged.seal.source,
        service=body.service,
        needs=body.needs,
        recipe=body.recipe,
        since=logged.position,
    )


def _started(course: Course, task: Task, position: int) -> Course:
    if (task.id, task.attempt) != (course.task_id, course.attempt) or course.phase in ("moving", "over", "failed"):
        return course
    job = motion_job(task, position, course.campaign) if task.owner == course.me else None
    return course.model_copy(update={"phase": "moving", "since": position, "job": job})


def _go_on(course: Course, position: int, ended: datetime) -> Course:
    """The course after its present step is over, done or passed over, at a laboratory time."""
    step = course.step + 1
    update: dict[str, object] = {"step": step, "attempt": 0, "phase": "over", "since": position, "job": None}
    if step < len(course.recipe.steps):
        longest = course.recipe.steps[step].max_wait
        update["phase"] = "due"
        update["deadline"] = None if longest is None else ended + timedelta(seconds=longest)
    return course.model_copy(update=update)


def _failed(course: Course, failed: TaskFailed, logged: Logged) -> Course:
    update: dict[str, object] = {"since": logged.position, "job": None}
    match what_follows(course, failed, logged.entry.at):
        case "skip":
            return _go_on(course, logged.position, logged.entry.at)
        case "ask":
            return course.model_copy(update={**update, "phase": "asking"})
        case "end":
            return course.model_copy(update={**update, "phase": "failed"})
    wait = 0.0 if failed.repeatable else course.present.policy.wait(course.attempt)
    update |= {"attempt": course.attempt + 1, "phase": "retrying" if wait else "due"}
    return course.model_copy(update={**update, "resume_at": logged.entry.at + timedelta(seconds=wait)})


def what_follows(course: Course, failed: TaskFailed, at: datetime) -> Following:
    """What the work does after its present step failed at a laboratory time.

    A measurement without data is made again; what certainly did not move has as many retries as its policy says, unless
    it came too late. Where an actuation is unknown the work ends, because a sample that may still be worked on is never
    carried away.
    """
    policy = course.present.policy
    if failed.unknown:
        return "end"
    if failed.repeatable and course.attempt < MEASURED_AGAIN:
        return "retry"
    is_late = course.deadline is not None and at >= course.deadline
    if not failed.moved and not is_late and course.attempt < policy.retries:
        return "retry"
    if policy.action == "skip" or policy.action == "ask":
        return policy.action
    return "end"


def _rang(course: Course, body: TimerRang, position: int) -> Course:
    is_again = course.phase == "retrying" and body.purpose == _again(course)
    is_late = course.phase in ("due", "retrying") and body.purpose == _late(course)
    if not is_again and not is_late:
        return course
    return course.model_copy(update={"phase": "late" if is_late else "due", "since": position})


def _answered(course: Course, body: TicketClosed, logged: Logged) -> Course:
    if course.phase != "asking" or logged.entry.subject != course.sample or body.answer not in STEP_ANSWERS:
        return course
    if body.answer == "skip":
        return _go_on(course, logged.position, logged.entry.at)
    update: dict[str, object] = {"since": logged.position, "phase": "failed"}
    if body.answer == "retry" and course.attempt < LAST_ATTEMPT:
        update |= {"phase": "due", "attempt": course.attempt + 1, "deadline": None}
    return course.model_copy(update=update)


def _again(course: Course) -> str:
    return f"try-step-{course.step}-again-{course.attempt}"


def _late(course: Course) -> str:
    return f"step-{course.step}-is-late"


def motion_job(task: Task, position: int, campaign: str | None) -> Job:
    """The motion that the task's own `TaskStarted` at `position` asks for."""
    return Job(
        id=f"{position}/move",
        cause=position,
        kind="motion",
        name="move",
        campaign=campaign,
        subject=task.sample,
        task=task,
    )


# Lanes.


def begin_due(
    courses: Courses,
    lab: Laboratory | None,
    position: int,
    now: datetime,
    held: frozenset[str] = frozenset(),
    pauses: Pauses = UNPAUSED,
) -> Courses:
    """Mark own steps that are due as started: for each instrument the first one, if none of its tasks is under way.

    Instruments that are `held` begin nothing; what a pause holds keeps nobody from an instrument before it has begun.
    """
    due = [c for c in courses.values() if c.phase == "due" and c.is_mine and not is_held(c, pauses)]
    if not due:
        return courses
    begun_before = (c for c in courses.values() if c.phase in ("started", "moving") and c.is_mine)
    busy = held.union(*(find_lane(c, lab) for c in begun_before))
    begun: dict[str, Course] = {}
    for course in sorted(due, key=_urgency):
        lane = find_lane(course, lab)
        is_late = course.deadline is not None and now > course.deadline
        if not lane & busy and not is_late:
            begun[course.work] = course.model_copy(update={"phase": "started", "since": position})
        # Also what cannot start keeps its instruments from those behind it, so that nothing is passed by for ever.
        busy |= lane
    return {**courses, **begun} if begun else courses


def is_held(course: Course, pauses: Pauses) -> bool:
    """Whether a pause of its campaign keeps the present step from being begun."""
    pause = pauses.get(course.campaign or "")
    return pause is not None and pause.holds(is_chained=course.is_chained)


def _urgency(course: Course) -> tuple[bool, float, int, str]:
    deadline = course.deadline
    return (deadline is None, 0.0 if deadline is None else deadline.timestamp(), course.since, course.work)


def find_lane(course: Course, lab: Laboratory | None) -> frozenset[str]:
    """The instruments that the present step keeps busy, with those that may not move meanwhile."""
    step = course.present
    used = {_carrier(lab, step.owner)} if step.transfer else {_instrument(course, act, lab) for act in step.acts}
    groups = () if lab is None else lab.interlocks.exclusive
    return frozenset(used.union(*(g.instruments for g in groups if used & set(g.instruments))))


def filled_acts(course: Course, lab: Laboratory | None) -> tuple[Act, ...]:
    """The acts of the present step, with the places that were granted; a transfer is one act of its owner's carrier."""
    step = course.present
    if step.transfer is not None:
        places = {"source": course.places[step.transfer.source], "target": course.places[step.transfer.target]}
        return (Act(instrument=_carrier(lab, step.owner), plan="transfer", arguments=places),)
    return tuple(_filled(course, act, lab) for act in step.acts)


def _filled(course: Course, act: Act, lab: Laboratory | None) -> Act:
    given = {name: course.places[role] for name, role in act.places.items()}
    return Act(instrument=_instrument(course, act, lab), plan=act.plan, arguments={**act.arguments, **given})


def _instrument(course: Course, act: Act, lab: Laboratory | None) -> str:
    """The instrument of an act of the present step: the one of its place, or the one whose turn it is to try."""
    if act.at is not None and lab is not None:
        return _standing_at(lab, course.places[act.at]) or act.instrument
    instruments = (act.instrument, *course.present.policy.instead)
    return instruments[course.attempt % len(instruments)]


def _standing_at(lab: Laboratory, place: str) -> str | None:
    return next((p.instrument for p in lab.places if p.name == place), None)


def _carrier(lab: Laboratory | None, owner: str) -> str:
    instruments = () if lab is None or owner not in lab.agents else lab.agents[owner].instruments
    return instruments[0] if instruments else owner


def collect_timers(courses: Mapping[str, Course]) -> tuple[Timer, ...]:
    """The wake-ups that the courses want."""
    return tuple(timer for course in courses.values() for timer in course.timers)
