"""Giving work to another line before anybody has accepted it."""

from lab_agents.agents.redirecting import WITHDRAWN
from lab_agents.messages.course import AmendmentAdmitted, AwardWithdrawn, WorkAwarded
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import AwardAccepted, BidMade
from lab_agents.records.amendment import UseLine
from tests.unit.lab_agents.agents.test_contests import bid
from tests.unit.lab_agents.agents.test_planning import WORK, bids, offered


def wish(version: int = 1, line: str | None = "line_b", reverts: int | None = None) -> AmendmentAdmitted:
    """Another line is wanted."""
    change = None if line is None else UseLine(line=line)
    return AmendmentAdmitted(work=WORK, version=version, amendment=change, reverts=reverts, person="ada", reason="r")


def again(story, *lines: str):
    """Both lines bid in the second round; what planning says."""
    return [said for line in lines for said in story.tell(line, BidMade(bid=bid(line, round_=2, work=WORK)))]


def test_an_award_that_nobody_accepted_goes_to_the_wanted_line():
    story = offered()
    (award,) = [b for b in bids(story) if isinstance(b, WorkAwarded)]
    assert award.bidder == "line_a"
    story.tell("planning", award)
    (withdrawn,) = story.tell("supervision", wish())
    assert withdrawn == AwardWithdrawn(work=WORK, round=1, bidder="line_a", reason=WITHDRAWN)
    story.tell("planning", withdrawn)
    (second,) = [b for b in again(story, "line_a", "line_b") if isinstance(b, WorkAwarded)]
    assert second.bidder == "line_b"


def test_an_open_window_is_opened_anew_for_the_wanted_line_alone():
    story = offered()
    (withdrawn,) = story.tell("supervision", wish())
    story.tell("planning", withdrawn)
    assert story.state.contests[WORK].asked == ("line_b",)
    (withdrawn,) = story.tell("supervision", wish(2, line=None, reverts=1))
    story.tell("planning", withdrawn)
    assert story.state.contests[WORK].asked == ("line_a", "line_b")


def test_accepted_work_stays_where_it_is():
    story = offered()
    (award,) = [b for b in bids(story) if isinstance(b, WorkAwarded)]
    story.tell("planning", award)
    story.tell("line_a", AwardAccepted(work=WORK, round=1, bidder="line_a"))
    (note,) = story.tell("supervision", wish())
    assert isinstance(note, TroubleMet)
    assert "line_a has accepted it" in note.trouble.what
    assert story.state.redirected == {}


def test_amendments_of_steps_are_no_business_of_planning():
    story = offered()
    assert story.tell("supervision", wish(2, line=None, reverts=1)) == ()
