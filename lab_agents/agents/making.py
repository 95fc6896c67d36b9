"""What a kind of recipe must be able to say, so that a line can bid for it, follow it and report what it made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lab_agents.agents.amendments import base_name
from lab_agents.agents.bidder_state import Prepared, Refusal
from lab_agents.messages.work import TaskDone, TaskFailed
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act, ActResult, Recipe, Step
from lab_agents.records.sample import AsMade
from lab_agents.records.space import Candidate


@dataclass(frozen=True)
class Making:
    """A sample whose every step is done.

    Attributes:
        line: Who made it.
        asked: What was asked for.
        recipe: How.
        results: What each step's acts brought, by the name of the step.
        is_mixture: Whether the parameters are fractions of one whole.
    """

    line: str
    asked: Candidate
    recipe: Recipe
    results: Mapping[str, Sequence[ActResult]]
    is_mixture: bool

    def step(self, name: str) -> tuple[Sequence[Act], Sequence[ActResult]]:
        """The acts of a step and what they brought; both empty where the recipe has no such step."""
        acts = next((step.acts for step in self.recipe.steps if step.name == name), ())
        return acts, self.results.get(name, ())

    def times(self, name: str) -> tuple[ActResult, ...]:
        """What a step brought each time that it was done."""
        return tuple(result for step, results in self.results.items() if base_name(step) == name for result in results)


class MakingRules(Protocol):
    """The rules of one kind of recipe. Pure, and without a state of their own."""

    def prepare(self, line: str, lab: Laboratory, asked: Candidate) -> Prepared | Refusal:
        """The recipe and what it draws, or why this line cannot make it; whether stock suffices is not asked here."""
        ...

    def drawn(self, line: str, lab: Laboratory, step: Step, body: TaskDone | TaskFailed) -> Mapping[str, float]:
        """What a step that ended drew from each consumable."""
        ...

    def find_flaw(self, step: Step, body: TaskDone) -> str:
        """What is reported of a good step that spoils the sample, or an empty text."""
        ...

    def made(self, lab: Laboratory, making: Making) -> AsMade:
        """What was made, with its uncertainty, in the design space's parameters."""
        ...
