"""Who may amend what."""

import pytest

from lab_agents.agents.amending import find_refusal
from lab_agents.messages.commands import AmendWork
from lab_agents.messages.course import AmendmentAdmitted, WorkAwarded
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import AwardAccepted
from lab_agents.records.amendment import RepeatStep, UseLine
from lab_agents.records.autonomy import Autonomy
from tests.story import proposal
from tests.unit.lab_agents.agents.test_campaigns import running

WORK = "make-opv-0001"
AGAIN = RepeatStep(step="anneal")


def asks(person: str = "ada", work: str = WORK, **what) -> AmendWork:
    """A person's wish."""
    return AmendWork(work=work, person=person, reason="r", **what)


def under_way(**changes):
    """A campaign with one film accepted and one offered."""
    story = running(n=4, batch=2, **changes)
    story.tell("planning", proposal((0.5, 0.5, 0.0, 0.0), (0.2, 0.8, 0.0, 0.0)))
    award = WorkAwarded(work=WORK, round=1, bidder="line_a", bid=3, score=1.0, reason="r")
    story.tell("planning", award)
    story.tell("line_a", AwardAccepted(work=WORK, round=1, bidder="line_a"))
    return story


def test_each_admitted_amendment_is_the_next_version_of_its_work():
    story = under_way()
    (first,) = story.tell("once-1", asks(amendment=AGAIN), campaign=None)
    assert first == AmendmentAdmitted(work=WORK, version=1, amendment=AGAIN, person="ada", reason="r")
    (second,) = story.tell("once-2", asks(reverts=1), campaign=None)
    assert (second.version, second.reverts) == (2, 1)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (asks(), "give one of"),
        (asks(amendment=AGAIN, reverts=1), "give one of"),
        (asks(amendment=AGAIN, work="make-opv-0009"), "neither under way nor offered"),
        (asks(amendment=AGAIN, work="make-opv-0002"), "nobody has begun it"),
        (asks(reverts=1), "it has no version 1; the last one is 0"),
        (asks(amendment=UseLine(line="line_b")), "it has been accepted"),
        (
            asks(amendment=UseLine(line="tester"), work="make-opv-0002"),
            "tester cannot do it; those",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(said, why):
    story = under_way()
    (note,) = story.tell("once-1", said, campaign=None)
    assert isinstance(note, TroubleMet)
    assert why in note.trouble.what
    assert story.state.versions == {}


def test_only_those_whose_word_counts_amend():
    story = under_way(autonomy=Autonomy(level="manual", by=("grace",)))
    assert "this campaign asks grace" in (find_refusal(story.state, asks(amendment=AGAIN)) or "")
    assert find_refusal(story.state, asks("grace", amendment=AGAIN)) is None


def test_offered_work_can_be_given_to_another_line():
    story = under_way()
    wish = asks(amendment=UseLine(line="line_b"), work="make-opv-0002")
    (admitted,) = story.tell("once-1", wish, campaign=None)
    assert isinstance(admitted, AmendmentAdmitted)
