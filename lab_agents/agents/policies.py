"""What follows the failure of each step of a recipe, decided once: before the bid, so that the log says it.

A recipe's own words win over the lab file's (`on_failure`, by kind of task), those over what is usual for the kind.
"""

from lab_agents.agents.limits import find_breach
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act, Recipe, Step


def with_policies(recipe: Recipe, lab: Laboratory) -> Recipe:
    """The recipe with a policy for every step.

    The lab file names other instruments for a kind of task, which many steps share: of these a step keeps those that
    could do its acts.
    """
    return recipe.model_copy(update={"steps": tuple(_with_policy(step, lab) for step in recipe.steps)})


def _with_policy(step: Step, lab: Laboratory) -> Step:
    if step.on_failure is not None:
        return step
    policy = lab.policy(step.task_kind)
    instead = tuple(i for i in policy.instead if _could(step, i, lab))
    return step.model_copy(update={"on_failure": policy.model_copy(update={"instead": instead})})


def _could(step: Step, instrument: str, lab: Laboratory) -> bool:
    """Whether another instrument could do a step: its owner drives it, it is of the same driver, and within its limits.

    Where a place decides who acts (`Act.at`, a transfer's carrier), or the sample stands on the step's own instrument,
    no other one can.
    """
    if not step.acts or instrument not in lab.agents[step.owner].instruments:
        return False
    declared = lab.instruments[instrument]
    if any(act.at is not None or lab.places_of(act.instrument) for act in step.acts):
        return False
    same = all(act.instrument != instrument and _driver(act, lab) == declared.driver for act in step.acts)
    moved = tuple(act.model_copy(update={"instrument": instrument}) for act in step.acts)
    return same and find_breach(lab, moved) is None


def _driver(act: Act, lab: Laboratory) -> str | None:
    declared = lab.instruments.get(act.instrument)
    return None if declared is None else declared.driver
