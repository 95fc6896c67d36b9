"""Amending work under way, as its holder does it.

Supervision admits an amendment (whose word counts, which version it is), the holder knows whether it can be done: the
step is there, the value is within limits, and nothing of it has begun. Then `WorkAmended` brings the amended recipe to
everybody who follows the course. Taking a version back folds the original recipe with the versions that are left, so a
change can be undone as long as nothing of it has begun.
"""

from collections.abc import Sequence

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.bookings import Amended, Booking
from lab_agents.agents.courses import Course, keeps_begun
from lab_agents.agents.limits import find_breach
from lab_agents.messages.course import AmendmentAdmitted
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import WorkAmended
from lab_agents.records.amendment import RepeatStep, SetArgument, UseLine
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act, Recipe, Step
from lab_agents.records.ticket import Trouble

AGAIN = "_again_"
"""Between the name of a step and the number of its repetition."""


def base_name(step: str) -> str:
    """The name that a step has in its recipe, whether it is done for the first time or once more."""
    return step.split(AGAIN)[0]


def admit(booking: Booking, course: Course, body: AmendmentAdmitted, lab: Laboratory) -> Booking | str:
    """The booking with an admitted amendment, and the recipe that follows from it; or why it cannot be taken."""
    original = booking.original or booking.recipe
    if body.amendment is not None:
        kept = (*booking.amended, Amended(version=body.version, amendment=body.amendment, after=course.step))
    else:
        kept = tuple(a for a in booking.amended if a.version != body.reverts)
        if kept == booking.amended:
            return f"there is no version {body.reverts} to take back; it has {_versions(booking)}"
    recipe = fold(original, kept)
    if isinstance(recipe, str):
        return recipe
    if not keeps_begun(course.recipe, recipe, course.step):
        return f"it comes too late: {course.present.name} has its turn already"
    breach = find_breach(lab, [act for step in recipe.steps for act in step.acts])
    return breach or booking.model_copy(update={"original": original, "amended": kept, "recipe": recipe})


def _versions(booking: Booking) -> str:
    return ", ".join(str(a.version) for a in booking.amended) or "none"


def settle(booking: Booking, before: Course, body: WorkAmended) -> Booking:
    """The booking after its own `WorkAmended` came back: without it where that came too late for the course."""
    if keeps_begun(before.recipe, body.recipe, before.step):
        return booking
    kept = tuple(a for a in booking.amended if a.version != body.version)
    if fold(booking.original or booking.recipe, kept) != before.recipe:
        # What is followed is what counts; it cannot be taken apart into versions any more.
        return booking.model_copy(update={"recipe": before.recipe, "original": before.recipe, "amended": ()})
    return booking.model_copy(update={"recipe": before.recipe, "amended": kept})


def say_admitted(
    booking: Booking, course: Course | None, body: AmendmentAdmitted, lab: Laboratory
) -> tuple[Draft, ...]:
    """The amended recipe, or why it stays as it is."""
    if isinstance(body.amendment, UseLine):
        return ()
    found = "it has not begun; amend it when it runs" if course is None else admit(booking, course, body, lab)
    if isinstance(found, str):
        return (_note(booking, f"Version {body.version} of {body.work} is refused: {found}"),)
    amended = WorkAmended(work=body.work, version=body.version, recipe=found.recipe)
    return (Draft(body=amended, subject=booking.offer.sample, campaign=booking.offer.campaign),)


def say_late(booking: Booking, before: Course, body: WorkAmended) -> tuple[Draft, ...]:
    """That an amendment came too late for its course, if it did."""
    if keeps_begun(before.recipe, body.recipe, before.step):
        return ()
    why = f"{before.present.name} has its turn already"
    return (_note(booking, f"Version {body.version} of {body.work} is refused: it came too late, {why}"),)


def _note(booking: Booking, what: str) -> Draft:
    trouble = Trouble(what=what[:2000], severity="note")
    return Draft(body=TroubleMet(trouble=trouble), subject=booking.offer.sample, campaign=booking.offer.campaign)


def fold(original: Recipe, amendments: Sequence[Amended]) -> Recipe | str:
    """The recipe with these amendments, in order, or why one of them cannot be meant."""
    recipe = original
    for amended in amendments:
        changed = _change(recipe, amended)
        if isinstance(changed, str):
            return changed
        recipe = changed
    return recipe


def _change(recipe: Recipe, amended: Amended) -> Recipe | str:
    change = amended.amendment
    if isinstance(change, UseLine):
        return f"it has been accepted; {change.line} can have only work that nobody has accepted yet"
    known = {step.name: number for number, step in enumerate(recipe.steps)}
    if change.step not in known:
        return f"there is no step {change.step}; its steps are {', '.join(known)}"
    number = known[change.step]
    if isinstance(change, RepeatStep):
        return _repeat(recipe, number, amended.after)
    return _set(recipe, number, change)


def _repeat(recipe: Recipe, number: int, after: int) -> Recipe | str:
    step = recipe.steps[number]
    if not step.may_repeat:
        able = [s.name for s in recipe.steps if s.may_repeat]
        return f"{step.name} cannot be repeated; of this recipe that can {', '.join(able) or 'no step'}"
    at = max(number, after) + 1
    if any(s.transfer is not None for s in recipe.steps[number + 1 : at]):
        return f"the sample is carried away after {step.name}; that cannot be repeated there any more"
    base = base_name(step.name)
    n = sum(base_name(s.name) == base for s in recipe.steps)
    again = step.model_copy(update={"name": f"{base}{AGAIN}{n}", "max_wait": None})
    return recipe.model_copy(update={"steps": (*recipe.steps[:at], again, *recipe.steps[at:])})


def _set(recipe: Recipe, number: int, change: SetArgument) -> Recipe | str:
    step = recipe.steps[number]
    known = {name: value for act in step.acts for name, value in act.arguments.items()}
    if change.argument not in known:
        return f"{step.name} has no argument {change.argument}; it has {', '.join(known) or 'none'}"
    if isinstance(known[change.argument], str) != isinstance(change.value, str):
        return f"{change.argument} of {step.name} is {known[change.argument]!r}; {change.value!r} is not of its kind"
    changed = step.model_copy(update={"acts": tuple(_given(act, change) for act in step.acts)})
    return _with_step(recipe, number, changed)


def _given(act: Act, change: SetArgument) -> Act:
    if change.argument not in act.arguments:
        return act
    is_whole = isinstance(act.arguments[change.argument], int) and isinstance(change.value, int)
    value = change.value if isinstance(change.value, str) or is_whole else float(change.value)
    return act.model_copy(update={"arguments": {**act.arguments, change.argument: value}})


def _with_step(recipe: Recipe, number: int, step: Step) -> Recipe:
    return recipe.model_copy(update={"steps": (*recipe.steps[:number], step, *recipe.steps[number + 1 :])})
