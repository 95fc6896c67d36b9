"""The bench: the ring as one readable loop in one process, for benchmarks over many seeds.

The same planner objects as in the laboratory; in place of bus, engine and protocols a `Truth` that makes and measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.questions import sample_id
from lab_agents.records.space import Candidate
from lab_agents.tables import Material, Table
from planners.protocols import Ask, Learned, Planner, Retrainer, Scored

Pool = tuple[tuple[float, ...], ...]


class Truth(Protocol):
    """Makes a candidate and measures it."""

    def observe(self, sample: str, candidate: Candidate) -> Learned:
        """What is learned from the sample `sample`, made of `candidate`; the same for equal arguments."""
        ...


class TableTruth:
    """The mean of the replicates of the recorded material, known exactly."""

    def __init__(self, table: Table) -> None:
        self._inputs = table.inputs
        self._materials: dict[tuple[float, ...], Material] = {m.inputs: m for m in table.materials}
        lower, upper = table.bounds
        # A deviation of zero does not exist; one part in a million is what rounding leaves of a recorded number.
        self._deviation = 1e-6 * ((upper - lower) or 1.0)

    def observe(self, sample: str, candidate: Candidate) -> Learned:
        """Look the candidate up; it must be one of the table's."""
        inputs = tuple(candidate.values[name] for name in self._inputs)
        return Learned(sample, inputs, self._materials[inputs].mean, self._deviation)


@dataclass
class Course:
    """A campaign as it went: the candidates in the order of proposal and what was learned from each."""

    proposed: list[Scored] = field(default_factory=list)
    learned: list[Learned] = field(default_factory=list)

    @property
    def made(self) -> tuple[tuple[float, ...], ...]:
        """The candidates' values, as asked."""
        return tuple(tuple(s.candidate.values.values()) for s in self.proposed)


def run_bench(plan: CampaignPlan, pool: Pool | None, planner: Planner, truth: Truth) -> Course:
    """Run a campaign: ask, make, measure, learn, until the budget is spent or nothing is left to propose.

    Args:
        plan: Target, space, budget, batch, seed and the number of initial points; its planner's name is not read.
        pool: The candidates that exist, in the order of the space's parameters, or None where it is continuous.
        planner: What proposes; if it can train, it is trained after each batch and asked with the checkpoint.
        truth: What makes and measures.
    """
    course = Course()
    question = Ask(plan.target, plan.space, (), (), (), (), pool, None, plan.batch, plan.planner.initial, plan.seed)
    while (left := plan.budget.samples - len(course.learned)) > 0:
        scored = planner.propose(replace(question, n=min(plan.batch, left)))
        if not scored:
            break
        course.learned += _make_and_measure(plan, truth, scored, len(course.learned))
        course.proposed += scored
        question = _learn(replace(question, made=course.made, observations=tuple(course.learned)), planner)
    return course


def _make_and_measure(plan: CampaignPlan, truth: Truth, scored: Sequence[Scored], n_before: int) -> list[Learned]:
    return [
        truth.observe(sample_id(plan.name, number), s.candidate) for number, s in enumerate(scored, start=n_before + 1)
    ]


def _learn(question: Ask, planner: Planner) -> Ask:
    is_beginning = len(question.made) < question.initial
    if isinstance(planner, Retrainer) and not is_beginning:
        question = replace(question, checkpoint=planner.retrain(question).data)
    return replace(question, number=question.number + 1)
