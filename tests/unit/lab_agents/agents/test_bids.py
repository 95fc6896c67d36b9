"""What a bid says."""

from datetime import timedelta

from lab_agents.agents.bidder_state import BidderState, Prepared
from lab_agents.agents.bids import make_bid
from lab_agents.agents.characterization import Characterization
from lab_agents.agents.synthesis import Synthesis
from lab_agents.messages.course import CampaignStarted, ProposalMade, WorkAwarded
from lab_agents.messages.life import LabOpened
from lab_agents.messages.work import BidMade, BidRefused
from lab_agents.records.bid import Bid
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.proposal import Proposal, ProposedCandidate
from tests.film_lab import film, film_laboratory, film_plan
from tests.model_lab import START, sha
from tests.story import Story, sample


def film_story(lab: Laboratory, n: int = 1) -> tuple[Story, tuple]:
    """line_a of a film laboratory, and what it says to n offered films."""
    story = Story(Synthesis("line_a"), lab)
    story.tell("recorder", LabOpened(laboratory=lab, file="0" * 64, version="0"))
    story.tell("supervision", CampaignStarted(plan=film_plan(name="opv"), person="ada"))
    chosen = tuple(ProposedCandidate(sample=f"opv-{i:04d}", candidate=film()) for i in range(1, n + 1))
    made = ProposalMade(proposal=Proposal(number=1, planner="p", candidates=chosen, inputs=sha("q"), seed=0))
    return story, story.tell("planning", made)


def film_bid(lab: Laboratory) -> Bid:
    """What line_a bids for one film."""
    _, (body,) = film_story(lab)
    assert isinstance(body, BidMade)
    return body.bid


def test_a_bid_says_how_little_is_known_before_the_first_outcome():
    bid = film_bid(film_laboratory())
    assert bid.chance == 0.9
    assert 0.05 < bid.chance_deviation < 0.15
    assert bid.duration_deviation > 60.0
    assert bid.n_learned == 0


def test_a_line_with_one_hotplate_is_occupied_for_a_whole_anneal():
    lab = film_laboratory()
    few = tuple(
        p.model_copy(update={"kind": "out_of_use"}) if p.name in ("plate_a_2", "plate_a_3", "plate_a_4") else p
        for p in lab.places
    )
    slow = film_bid(lab.model_copy(update={"places": few}))
    anneal = 20 * 60.0
    assert film_bid(lab).occupies < anneal < slow.occupies


def test_a_station_is_occupied_while_a_sample_stands_on_its_stage():
    story = Story(Characterization("tester"))
    story.begin()
    (body,) = story.tell("line_a", sample())
    assert isinstance(body, BidMade)
    assert body.bid.occupies == (body.bid.end_at - body.bid.start_at).total_seconds()


def test_a_bid_counts_what_others_were_awarded_of_a_shared_stock():
    """Two films of 160 µL of one salt, and a bottle that holds one of them: the second line refuses before it moves."""
    lab = film_laboratory()
    _, (first,) = film_story(lab)
    assert isinstance(first, BidMade)
    asked = first.bid.consumables["sni2"]
    stocks = tuple(s.model_copy(update={"amount": 1.5 * asked}) if s.name == "sni2" else s for s in lab.stocks)
    story, _ = film_story(lab.model_copy(update={"stocks": stocks}), n=1)
    other = first.bid.model_copy(update={"bidder": "line_b"})
    story.tell("line_b", BidMade(bid=other))
    story.tell("planning", WorkAwarded(work=other.work, round=1, bidder="line_b", bid=3, score=1.0, reason="r"))
    chosen = (ProposedCandidate(sample="opv-0009", candidate=film()),)
    made = ProposalMade(proposal=Proposal(number=2, planner="p", candidates=chosen, inputs=sha("q"), seed=0))
    (refusal,) = story.tell("planning", made)
    assert isinstance(refusal, BidRefused)
    assert refusal.code == "no_stock"
    assert "is promised to others" in refusal.reason


def test_a_bid_repeats_the_worth_and_the_choice_of_its_recipe():
    story, (body,) = film_story(film_laboratory())
    assert isinstance(body, BidMade)
    offer = story.state.offers.open[body.bid.work]
    assert isinstance(story.state, BidderState)
    prepared = Prepared(recipe=body.bid.recipe, worth=0.5, choice="because")
    bid = make_bid("line_a", story.state, offer, prepared, START)
    assert (bid.worth, bid.choice) == (0.5, "because")
    assert bid.valid_until > bid.end_at >= bid.start_at + timedelta(minutes=20)
