"""Nonsense on the bus is kept, counted, and stops nobody."""

from lab_agents.benchmarks.fuzzed_messages import Fate, message_figures, message_rows


async def test_a_recorder_keeps_every_message_that_was_meant_for_the_log_and_serves_on(tmp_path):
    rows = await message_figures(tmp_path / "log", 60)
    assert [row.verdict for row in rows] == ["passed", "passed"], rows
    assert rows[1].measured == float(rows[1].target) > 0


def test_a_message_that_is_lost_fails_and_so_does_a_follower_that_stopped():
    whole = Fate(n=10, garbage=4, dead_letters=4, entries=3, appended=3, elsewhere=3, followed=3)
    assert [row.verdict for row in message_rows(whole)] == ["passed", "passed"]
    lost = Fate(n=10, garbage=4, dead_letters=3, entries=3, appended=3, elsewhere=3, followed=3)
    assert [row.verdict for row in message_rows(lost)] == ["passed", "failed"]
    stopped = Fate(n=10, garbage=4, dead_letters=4, entries=3, appended=3, elsewhere=3, followed=2, ended=1)
    assert [row.verdict for row in message_rows(stopped)] == ["failed", "passed"]
