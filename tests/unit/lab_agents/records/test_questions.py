"""Questions to the compute workers and their answers."""

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.records.campaign import PlannerChoice
from lab_agents.records.proposal import Proposal, ProposedCandidate
from lab_agents.records.questions import (
    ANALYSE_ANSWER,
    ASK_ANSWER,
    AnalysisFailed,
    AskArguments,
    Exhausted,
    RefusedCandidate,
    Remeasure,
    sample_id,
)
from lab_agents.records.space import Candidate, DesignSpace, Parameter
from lab_agents.records.target import Target

FRACTION = st.floats(0, 1)


def _candidate(value: float) -> Candidate:
    return Candidate(values={"a": value, "b": 1 - value})


@given(st.lists(FRACTION, max_size=4), st.lists(FRACTION, max_size=4), st.integers(1, 64), st.integers(0, 2**31))
def test_an_ask_survives_json(made: list[float], refused: list[float], n: int, seed: int) -> None:
    """Record → JSON → record is the identity."""
    ask = AskArguments(
        campaign="opv",
        number=1,
        target=Target(property="y", direction="minimize"),
        space=DesignSpace(
            parameters=(Parameter(name="a", lower=0, upper=1), Parameter(name="b", lower=0, upper=1)),
            simplices=(("a", "b"),),
        ),
        planner=PlannerChoice(),
        made=tuple(map(_candidate, made)),
        refused=tuple(
            RefusedCandidate(candidate=_candidate(x), refused_by=("line_b",), reasons=("too little",)) for x in refused
        ),
        n=n,
        first_sample=1,
        seed=seed,
    )
    assert AskArguments.model_validate_json(ask.model_dump_json()) == ask


def test_each_answer_is_read_as_what_it_is() -> None:
    """The answers of one job differ in their fields, so that reading them needs no tag."""
    proposal = Proposal(
        number=1,
        planner="random",
        candidates=(ProposedCandidate(sample="opv-0001", candidate=_candidate(0.5)),),
        inputs="0" * 64,
        seed=3,
    )
    assert ASK_ANSWER.validate_json(proposal.model_dump_json()) == proposal
    for answer in (Exhausted(exhausted="all 1,020 are made"),):
        assert ASK_ANSWER.validate_json(answer.model_dump_json()) == answer
    for analysed in (Remeasure(remeasure="saturated"), AnalysisFailed(failed="no trace")):
        assert ANALYSE_ANSWER.validate_json(analysed.model_dump_json()) == analysed


def test_samples_are_numbered_with_four_digits() -> None:
    """Names sort as the samples were proposed, up to 9,999 of them."""
    assert sample_id("opv_blend", 7) == "opv_blend-0007"
