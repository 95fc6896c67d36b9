"""The bench: the ring as one readable loop in one process, for benchmarks over many seeds.

The same planner objects as in the laboratory; in place of bus, engine and protocols a `Truth` that makes and measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.questions import sample_id
from lab_agents.records.space import Candidate
from planners.protocols import Ask, Learned, Planner, Refused, Retrainer, Scored

MOST_FRUITLESS = 10
"""Refused proposals in a row after which a campaign ends: as many as make the laboratory ask a person."""

Pool = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Lost:
    """A sample that was begun and of which nothing was learned: it cost budget, and no failure is a number."""

    reason: str


class Truth(Protocol):
    """Makes a candidate and measures it."""

    def observe(self, sample: str, candidate: Candidate) -> Learned | Refused | Lost:
        """What is learned from the sample `sample`, made of `candidate`; the same for equal arguments.

        Or the refusal, where nobody can make it, or why a sample that was begun tells nothing.
        """
        ...


@dataclass
class Course:
    """A campaign as it went: candidates in the order of proposal, what was learned, refused and lost.

    `samples` holds the names of those that were begun, in order.
    """

    proposed: list[Scored] = field(default_factory=list)
    learned: list[Learned] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    lost: dict[str, Lost] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)

    @property
    def made(self) -> tuple[tuple[float, ...], ...]:
        """The candidates' values, as asked."""
        return tuple(tuple(s.candidate.values.values()) for s in self.proposed)


def run_bench(plan: CampaignPlan, pool: Pool | None, planner: Planner, truth: Truth) -> Course:
    """Run a campaign: ask, make, measure, learn, until the budget is spent or nothing is left to propose.

    Refused candidates cost no budget; a campaign of which `MOST_FRUITLESS` proposals in a row are refused whole ends.

    Args:
        plan: Target, space, budget, batch, seed and the number of initial points; its planner's name is not read.
        pool: The candidates that exist, in the order of the space's parameters, or None where it is continuous.
        planner: What proposes; if it can train, it is trained after each batch and asked with the checkpoint.
        truth: What makes and measures.
    """
    course = Course()
    question = Ask(plan.target, plan.space, (), (), (), (), pool, None, plan.batch, plan.planner.initial, plan.seed)
    n_fruitless = 0
    while (left := plan.budget.samples - len(course.samples)) > 0 and n_fruitless < MOST_FRUITLESS:
        scored = planner.propose(replace(question, n=min(plan.batch, left)))
        if not scored:
            break
        n_before = len(course.samples)
        _make_and_measure(plan, truth, scored, course)
        n_fruitless = n_fruitless + 1 if len(course.samples) == n_before else 0
        question = _learn(question, course, planner)
    return course


def _make_and_measure(plan: CampaignPlan, truth: Truth, scored: Sequence[Scored], course: Course) -> None:
    for s in scored:
        course.proposed.append(s)
        sample = sample_id(plan.name, len(course.proposed))
        outcome = truth.observe(sample, s.candidate)
        if isinstance(outcome, Refused):
            course.refused.append(outcome)
            continue
        course.samples.append(sample)
        if isinstance(outcome, Lost):
            course.lost[sample] = outcome
        else:
            course.learned.append(outcome)


def _learn(question: Ask, course: Course, planner: Planner) -> Ask:
    learned, refused = tuple(course.learned), tuple(course.refused)
    question = replace(question, made=course.made, observations=learned, refused=refused, number=question.number + 1)
    is_beginning = len(question.made) < question.initial
    if isinstance(planner, Retrainer) and learned and not is_beginning:
        return replace(question, checkpoint=planner.retrain(question).data)
    return question
