"""What campaigns were granted, and awards beyond it."""

import pytest

from lab_agents.agents.grants import Grants, beyond_trouble, declined_trouble, find_beyond, follow_grants
from lab_agents.agents.offers import Offers, follow_offers
from lab_agents.messages.course import (
    AwardWithdrawn,
    BudgetGranted,
    CampaignFinished,
    CampaignStarted,
    WorkAwarded,
)
from lab_agents.messages.entry import Body
from lab_agents.messages.work import AwardAccepted, AwardDeclined, SampleQuarantined
from lab_agents.records.autonomy import Autonomy, Trusted
from lab_agents.records.control import ControlLimits, Controls
from tests.model_lab import plan
from tests.story import logged, proposal, sample

BLEND = (0.5, 0.5, 0.0, 0.0)
CONTROL = {"PCE10": 0.5, "P3HT": 0.5, "PCBM": 0.0, "oIDTBR": 0.0}


def started(n: int = 1, **changes: object) -> list[Body]:
    """A campaign of `n` samples that offers three."""
    return [
        CampaignStarted(plan=plan(n=n, batch=1, **changes), person="ada"),
        BudgetGranted(samples=n),
        proposal(BLEND, BLEND, BLEND),
    ]


def award(number: int = 1, round_: int = 1, **changes: object) -> WorkAwarded:
    """An award to line_a."""
    work = f"make-opv-{number:04d}"
    return WorkAwarded(work=work, round=round_, bidder="line_a", bid=1, score=1.0, reason="r", **changes)


def answer(kind: type, number: int = 1, **changes: object) -> Body:
    """What became of an award."""
    return kind(work=f"make-opv-{number:04d}", round=1, bidder="line_a", **changes)


def told(*bodies: Body) -> tuple[Grants, Offers]:
    """What follows from these entries."""
    grants: Grants = {}
    offers = Offers()
    for position, body in enumerate(bodies, start=1):
        one = logged(position, "planning", body)
        grants, offers = follow_grants(grants, offers, one), follow_offers(offers, one)
    return grants, offers


def codes(bodies: list[Body], *awards: WorkAwarded) -> list[str]:
    """How each of the last entries is judged when it comes; `""` is within."""
    found = []
    for number, one in enumerate(awards):
        before, after = told(*bodies, *awards[:number]), told(*bodies, *awards[: number + 1])
        beyond = find_beyond(*before, one)
        assert find_beyond(*after, one) == beyond, "judged after it, an award is judged alike"
        found.append("" if beyond is None else beyond.code)
    return found


def test_no_more_samples_may_be_awarded_than_were_granted():
    assert codes(started(2), award(1), award(2), award(3)) == ["", "", "over_budget"]


def test_a_later_grant_counts():
    assert codes([*started(1), BudgetGranted(samples=2)], award(1), award(2), award(3)) == ["", "", "over_budget"]


def test_what_was_begun_stays_spent():
    bodies = [*started(1), award(1), answer(AwardAccepted), sample(1)]
    assert codes(bodies, award(2)) == ["over_budget"]
    quarantined = SampleQuarantined(sample="opv-0001", work="make-opv-0001", reason="r")
    assert codes([*started(1), quarantined], award(2)) == ["over_budget"]


@pytest.mark.parametrize("end", [AwardDeclined, AwardWithdrawn])
def test_an_award_that_came_to_nothing_is_free_again(end):
    assert codes([*started(1), award(1), answer(end, reason="r")], award(2)) == [""]


def test_an_acceptance_of_somebody_else_begins_nothing():
    bodies = [*started(1), award(1), AwardAccepted(work="make-opv-0001", round=1, bidder="line_b")]
    assert codes([*bodies, answer(AwardDeclined, reason="r")], award(2)) == [""]


def test_an_award_of_what_nobody_offers_is_not_judged():
    assert codes(started(1), award(9), award(1, round_=2)) == ["", ""]


def test_an_award_that_is_beyond_takes_nothing_from_those_within():
    """Who floods the lab with awards keeps none of the campaign's own from being made."""
    grants, _ = told(*started(1), award(1), award(2), award(3))
    assert grants["opv"].awarded == {"make-opv-0001"}


def test_an_award_may_not_say_that_no_person_is_asked():
    manual = started(3, autonomy=Autonomy(level="manual"))
    assert codes(manual, award(1), award(2, needs_approval=True)) == ["not_approved", ""]


def test_bounds_are_judged_by_the_campaign_and_not_by_the_award():
    first = started(3, autonomy=Autonomy(level="bounded", first=1))
    assert codes(first, award(1, needs_approval=True), award(2)) == ["", ""]
    assert codes(first, award(1)) == ["not_approved"]
    within = {"PCE10": Trusted(upper=0.4)}
    assert codes(started(3, autonomy=Autonomy(level="bounded", within=within)), award(1)) == ["not_approved"]


def test_measuring_is_judged_by_its_kind():
    autonomy = Autonomy(level="bounded", measurements=("transmission_trace",))
    bodies = [*started(1, autonomy=autonomy), award(1), answer(AwardAccepted), sample(1)]
    measure = award(1).model_copy(update={"work": "measure-opv-0001-1"})
    assert codes(bodies, measure) == ["not_approved"]
    assert codes([*started(1), award(1), answer(AwardAccepted), sample(1)], measure) == [""]


def test_a_control_film_costs_no_sample_and_its_name_alone_makes_none():
    controls = Controls(recipe=CONTROL, properties={"degradation": ControlLimits(deviation=1.0)})
    named = award(1).model_copy(update={"work": "make-control-opv-1"})
    assert codes([*started(1, controls=controls), award(1)], named) == [""]
    other = controls.model_copy(update={"recipe": CONTROL | {"PCE10": 0.4}})
    forged = proposal(BLEND)
    chosen = forged.proposal.candidates[0].model_copy(update={"sample": "control-opv-2"})
    forged = forged.model_copy(update={"proposal": forged.proposal.model_copy(update={"candidates": (chosen,)})})
    again = award(1).model_copy(update={"work": "make-control-opv-2"})
    assert codes([*started(1, controls=other), forged, award(1)], again) == ["over_budget"]


def test_a_finished_campaign_is_forgotten():
    finished = CampaignFinished(reason="r", n_made=0, n_observed=0, n_failed=0)
    assert told(*started(1), finished)[0] == {}


def test_supervision_tells_what_was_tried():
    bodies = [*started(1), award(1)]
    beyond = find_beyond(*told(*bodies), award(2))
    assert beyond is not None
    trouble = beyond_trouble(award(2), beyond)
    assert "granted 1 samples, and 1 are begun or awarded" in trouble.what
    assert trouble.default in trouble.remedies


def test_supervision_tells_of_an_award_outside_the_limits_and_of_no_other_that_is_declined():
    said = {"work": "make-opv-0001", "round": 1, "bidder": "line_a", "reason": "1250 is above the limit of 1100"}
    trouble = declined_trouble(AwardDeclined(code="outside_limits", **said))
    assert trouble is not None
    assert "1250 is above the limit of 1100" in trouble.what
    assert trouble.evidence["code"] == "outside_limits"
    assert declined_trouble(AwardDeclined(**said)) is None
    assert declined_trouble(AwardDeclined(code="over_budget", **said)) is None
