"""The board shows what moves, and when it only waits."""

from datetime import UTC, datetime

from instruments.motions import MotionBoard

TOKEN, OTHER = "0" * 16, "1" * 16


def test_a_motion_waits_from_the_answer_to_the_end_of_its_program():
    board, seen = MotionBoard(), []
    board.on_change = lambda: seen.append(tuple((m.waits, m.until is not None) for m in board.motions()))
    board.begin("coater_a", TOKEN, "coat")
    board.answered(TOKEN)
    assert board.executing() == {"coater_a"}
    board.ended(TOKEN)
    board.sleeps(TOKEN, datetime(2026, 1, 1, tzinfo=UTC))
    assert board.executing() == frozenset()
    board.end(TOKEN)
    assert seen == [((False, False),), ((True, False),), ((False, False),), ((True, True),), ()]


def test_an_act_counts_as_executing_from_the_moment_in_which_it_may_start():
    board = MotionBoard()
    board.begin("coater_a", TOKEN, "coat")
    assert board.executing() == frozenset()
    board.starts(TOKEN)
    assert board.executing() == {"coater_a"}
    board.end(TOKEN)
    assert board.executing() == frozenset()


def test_a_token_that_nobody_waits_for_changes_nothing():
    board = MotionBoard()
    board.begin("coater_a", TOKEN, "coat")
    board.answered(OTHER)
    board.ended(OTHER)
    board.end(OTHER)
    assert [motion.waits for motion in board.motions()] == [False]
