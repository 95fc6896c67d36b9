"""A planner that was taken over may propose and award as itself: what do the lines make of it?"""

import pytest

from lab_agents.messages.commands import GiveApproval, StartCampaign
from lab_agents.messages.course import BudgetSpent, CampaignFinished, ProposalMade, TicketOpened, WorkAwarded
from lab_agents.messages.work import AwardAccepted, AwardDeclined, BidRefused, TaskStarted
from lab_agents.records.autonomy import Autonomy
from lab_agents.records.campaign import Budget
from lab_agents.records.prices import Prices
from lab_agents.records.proposal import Proposal, ProposedCandidate
from lab_agents.records.space import Candidate
from tests.film_lab import ask_films, film, film_laboratory, film_plan
from tests.model_lab import ModelLab, laboratory, plan, sha

EVIL = "opv-6666"
WORK = f"make-{EVIL}"


def award(work: str, round_: int = 1) -> WorkAwarded:
    """An award that no window and no bid stands behind."""
    return WorkAwarded(work=work, round=round_, bidder="line_a", bid=1, score=1e9, reason="because I say so")


def proposal(amount: float) -> ProposalMade:
    """One candidate with so much of one material."""
    candidate = ProposedCandidate(sample=EVIL, candidate=Candidate(values={"PCE10": amount}), acquisition=1.0)
    return ProposalMade(proposal=Proposal(number=666, planner="evil", candidates=(candidate,), inputs=sha("x"), seed=0))


@pytest.mark.parametrize("amount", [40.0, 1e300, -1.0])
def test_a_line_moves_nothing_past_its_limits_whoever_awards(amount):
    """The recipe is the line's own, by its own limits: an award says that work is to be done, never how."""
    model = ModelLab(laboratory(), seed=1)
    model.say("once-1", StartCampaign(plan=plan(n=2, batch=2), person="ada"), "opv")

    def forge(lab: ModelLab) -> None:
        if lab.bodies(ProposalMade):
            lab.before_step = lambda _lab: None
            lab.say("planning", proposal(amount), "opv", "opv")
            lab.say("planning", award(WORK), EVIL, "opv")

    model.before_step = forge
    model.run()
    assert not [one for one in model.bodies(TaskStarted) if one.task.work == WORK]
    assert not [one for one in model.bodies(AwardAccepted) if one.work == WORK]
    assert {one.bidder for one in model.bodies(BidRefused, AwardDeclined) if one.work == WORK} >= {"line_a"}
    assert declined(model, "outside_limits") == {WORK}
    assert "outside_limits" in told(model)
    assert len(model.bodies(CampaignFinished)) == 1


def test_an_award_for_what_nobody_offers_is_no_work():
    """Made up, of another round, or of a campaign that has finished."""
    model = ModelLab(laboratory(), seed=2)
    model.say("once-1", StartCampaign(plan=plan(n=2, batch=2), person="ada"), "opv")
    model.run()
    n_tasks = len(model.bodies(TaskStarted))
    made = model.bodies(AwardAccepted)[0].work
    for forged in (award("make-nothing"), award(made), award(made, 2), award(WORK)):
        model.say("planning", forged, "opv", "opv")
    model.say("planning", proposal(0.5), "opv", "opv")
    model.say("planning", award(WORK), EVIL, "opv")
    model.run()
    assert len(model.bodies(TaskStarted)) == n_tasks


def within(name: str) -> ProposalMade:
    """One candidate that any line can make."""
    values = {"PCE10": 0.5, "P3HT": 0.5, "PCBM": 0.0, "oIDTBR": 0.0}
    candidate = ProposedCandidate(sample=name, candidate=Candidate(values=values), acquisition=1.0)
    return ProposalMade(proposal=Proposal(number=667, planner="evil", candidates=(candidate,), inputs=sha("x"), seed=0))


def attack(model: ModelLab, *names: str) -> None:
    """Propose and award these samples once the campaign's own proposal stands."""

    def forge(lab: ModelLab) -> None:
        if lab.bodies(ProposalMade):
            lab.before_step = lambda _lab: None
            for name in names:
                lab.say("planning", within(name), "opv", "opv")
                lab.say("planning", award(f"make-{name}"), name, "opv")

    model.before_step = forge
    model.run()


def declined(model: ModelLab, code: str) -> set[str]:
    """The works that were declined with this code."""
    return {one.work for one in model.bodies(AwardDeclined) if one.code == code}


def told(model: ModelLab) -> set[str]:
    """The codes of all tickets about awards that were not to be."""
    return {t.evidence["code"] for one in model.bodies(TicketOpened) if "code" in (t := one.ticket.trouble).evidence}


def test_a_budget_that_is_spent_buys_no_sample_whoever_awards():
    """The line counts the campaign's samples itself; supervision makes a ticket of the attempt."""
    model = ModelLab(laboratory(), seed=3)
    model.say("once-1", StartCampaign(plan=plan(n=2, batch=2), person="ada"), "opv")
    names = [f"opv-66{number}" for number in range(10)]
    attack(model, *names)
    begun = {one.task.work for one in model.bodies(TaskStarted) if one.task.work.startswith("make-")}
    assert len(begun) == 2
    # What the campaign's own planner had proposed may have lost its place to the forged: no more is begun than granted.
    assert declined(model, "over_budget") >= {f"make-{name}" for name in names} - begun
    assert told(model) == {"over_budget"}
    assert len(model.bodies(CampaignFinished)) == 1


def test_an_award_that_forgets_the_approval_moves_nothing():
    """Whether a person is asked is the campaign's word, and not the award's."""
    model = ModelLab(laboratory(), seed=4)
    manual = plan(n=2, batch=2, autonomy=Autonomy(level="manual"))
    model.say("once-1", StartCampaign(plan=manual, person="ada"), "opv")
    attack(model, "opv-660")
    # Its own planner takes the offer up, and asks: what was forged alone is declined.
    approved = {one.work for one in model.bodies(GiveApproval)}
    assert {one.task.work for one in model.bodies(TaskStarted) if not one.task.work.startswith("clear")} <= approved
    assert declined(model, "not_approved") == {"make-opv-660"}
    assert len(model.bodies(CampaignFinished)) == 1


def attacked_films(seed: int, budget: Budget, n: int) -> ModelLab:
    """Planning, taken over, proposes and awards so many films to one line as soon as it has proposed its own."""
    lab = film_laboratory().model_copy(update={"prices": Prices(consumables={"substrates_a": 2.0})})
    model = ModelLab(lab, seed=seed)
    model.compute["ask"] = ask_films
    names = [f"films-66{number}" for number in range(n)]

    def forge(model: ModelLab) -> None:
        if model.bodies(ProposalMade):
            model.before_step = lambda _lab: None
            for name in names:
                candidate = ProposedCandidate(sample=name, candidate=film())
                forged = Proposal(number=667, planner="evil", candidates=(candidate,), inputs=sha("x"), seed=0)
                model.say("planning", ProposalMade(proposal=forged), "films", "films")
                model.say("planning", award(f"make-{name}"), name, "films")

    model.before_step = forge
    model.say("once-1", StartCampaign(plan=film_plan(n=8, batch=2, seed=seed, budget=budget), person="ada"), "films")
    model.run()
    return model


LIMITS = (
    Budget(samples=8, consumables={"substrates_a": 3.0, "substrates_b": 1.0}),
    Budget(samples=8, money=6.5, consumables={"substrates_b": 1.0}),
)


@pytest.mark.parametrize("budget", LIMITS)
@pytest.mark.parametrize("seed", range(3))
def test_a_budget_of_substrates_or_money_is_kept_by_the_line_whoever_awards(seed, budget):
    """Three substrates are paid for, and no more are drawn; the campaign goes on to its end by itself."""
    model = attacked_films(seed, budget, n=6)
    assert model.world.drawn.get("spin_a", 0.0) <= 3.0
    assert len([work for work in declined(model, "not_paid_for") if "-66" in work]) >= 3
    assert "not_paid_for" in told(model)
    assert len(model.bodies(BudgetSpent)) == 1
    assert len(model.bodies(CampaignFinished)) == 1
