from lab_agents.messages import course
from lab_agents.store import projection_tables as rows
from tests.small_campaign import PLAN


def test_a_retracted_observation_stays_with_its_reason(book, one_row):
    """It no longer counts, and can still be seen."""
    measurement = "measure-first-0001-1/m"
    book.add(
        "supervision",
        course.ObservationRetracted(sample="first-0001", measurement=measurement, reason="the lamp was off"),
    )
    assert one_row(rows.ObservationRow, measurement=measurement).retracted == "the lamp was off"


def test_a_campaign_is_followed_from_start_to_end(book, one_row):
    """Paused, resumed, closing whatever is paused then, finished; the budget as it was granted last."""
    other = PLAN.model_copy(update={"name": "second"})
    for body, state in (
        (course.CampaignStarted(plan=other, person="ada"), "running"),
        (course.CampaignPaused(reason="lunch"), "paused"),
        (course.CampaignResumed(), "running"),
        (course.CampaignClosing(reason="enough"), "closing"),
        (course.CampaignPaused(reason="lunch"), "closing"),
        (course.CampaignResumed(), "closing"),
        (course.CampaignFinished(reason="enough", n_made=0, n_observed=0, n_failed=0), "finished"),
    ):
        book.add("supervision", body, campaign="second", cause=book.writer.position)
        assert one_row(rows.CampaignRow, campaign="second").state == state
    book.add("supervision", course.BudgetGranted(samples=9), campaign="second", cause=book.writer.position)
    assert one_row(rows.CampaignRow, campaign="second").granted == 9


def test_an_answered_ticket_is_closed_with_who_answered_what(one_row):
    """And keeps its record."""
    row = one_row(rows.TicketRow, ticket="t-1")
    assert (row.answer, row.person, row.severity) == ("go on", "ada", "warning")
    assert row.closed_at > row.opened_at


def test_models_and_proposals_stand_by_position(book, one_row):
    """One row each."""
    assert one_row(rows.ProposalRow, number=1).planner == "space_filling"
    assert one_row(rows.ModelRow, n_observations=2).position > one_row(rows.ModelRow, n_observations=1).position
