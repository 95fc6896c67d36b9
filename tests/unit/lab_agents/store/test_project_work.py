from lab_agents.messages import course, work
from lab_agents.records.recipe import ActResult, Task
from lab_agents.store import projection_tables as rows
from lab_agents.store.columns import from_json_column
from tests.small_campaign import MAKING, START


def test_a_withdrawn_award_cannot_be_accepted_afterwards(book, one_row):
    """Of acceptance and withdrawal the earlier position counts."""
    award = course.WorkAwarded(work="w", round=1, bidder="line", bid=1, score=1.0, reason="only one")
    cause = book.add("planning", award)
    book.add("planning", course.AwardWithdrawn(work="w", round=1, bidder="line", reason="silent"), cause=cause)
    book.add("line", work.AwardAccepted(work="w", round=1, bidder="line"), cause=cause)
    assert one_row(rows.WorkRow, work="w").state == "offered"


def test_a_failed_task_leaves_its_acts_done_unknown_or_planned(book, one_row):
    """Three acts: one ended well, one is in doubt, one was never reached."""
    acts = (*MAKING.steps[0].acts, MAKING.steps[0].acts[0])
    task = Task(id="t/0", work="t", sample="s", step=0, name="dispense", owner="line", acts=acts)
    cause = book.add("line", work.TaskStarted(task=task))
    done = ActResult(act=0, token=task.token(0), run="r", started_at=START, ended_at=START)
    failure = work.TaskFailed(
        task="t/0",
        work="t",
        sample="s",
        step=0,
        owner="line",
        cause="killed",
        results=(done,),
        unknown=(task.token(1),),
    )
    book.add("line", failure, cause=cause)
    states = [one_row(rows.ActRow, token=task.token(number)).state for number in range(3)]
    assert states == ["done", "unknown", "planned"]
    assert one_row(rows.TaskRow, task="t/0").unknown == 1


def test_a_sample_that_was_only_begun_is_kept_when_it_is_quarantined(book, one_row):
    """It has no record, but a place in the account."""
    book.add("line", work.SampleQuarantined(sample="first-0009", work="make-first-0009", reason="dosed twice?"))
    row = one_row(rows.SampleRow, sample="first-0009")
    assert (row.record, row.quarantined) == (None, "dosed twice?")


def test_a_number_too_large_for_a_column_does_not_stop_the_log(book, one_row):
    """JSON has no largest integer; a database column has."""
    book.add("line", work.BidRefused(work="w", round=2**70, bidder="line", code="unsafe", reason="odd"))
    row = one_row(rows.BidRow, work="w")
    assert row.round == 2**31 - 1
    assert from_json_column(work.BidRefused, row.record).round == 2**70


def test_work_is_followed_from_its_offer_to_its_end(one_row):
    """A making ends with the sample, a measuring when its places are released."""
    making = one_row(rows.WorkRow, work="make-first-0001")
    assert (making.state, making.bidder, making.sample) == ("done", "line", "first-0001")
    assert one_row(rows.WorkRow, work="measure-first-0001-1").state == "done"


def test_declined_work_is_offered_again_without_a_bidder(book, one_row):
    """With the reason, and the next round's award."""
    cause = book.add("planning", course.WorkAwarded(work="w", round=1, bidder="line", bid=1, score=1.0, reason="best"))
    book.add("line", work.AwardDeclined(work="w", round=1, bidder="line", reason="no ink"), cause=cause)
    row = one_row(rows.WorkRow, work="w")
    assert (row.state, row.bidder, row.reason) == ("offered", None, "no ink")
    book.add("planning", course.WorkAwarded(work="w", round=2, bidder="other", bid=1, score=1.0, reason="next"))
    assert one_row(rows.WorkRow, work="w").round == 2


def test_a_moved_sample_stands_where_it_was_put(book, one_row):
    """Or nowhere that is known."""
    for target in ("stage_t", None):
        book.add(
            "robot", work.SampleMoved(sample="first-0001", source="rack_1", target=target), cause=book.writer.position
        )
        assert one_row(rows.SampleRow, sample="first-0001").place == target


def test_a_task_that_is_started_again_is_running_again_and_its_finished_acts_stay_done(book, one_row):
    """A retry has the same task and tokens."""
    task = Task(
        id="make-first-0001/0", work="w", sample="s", step=0, name="dispense", owner="line", acts=MAKING.steps[0].acts
    )
    book.add("line", work.TaskStarted(task=task), cause=book.writer.position)
    assert one_row(rows.TaskRow, task=task.id).state == "running"
    assert one_row(rows.ActRow, token=task.token(0)).state == "done"
