"""Nonsense through a real broker and at a guard's door ends nobody, and an unreadable stop stops."""

from dataclasses import replace

from lab_agents.benchmarks.fuzzed_watchers import Watchers, watcher_figures, watcher_rows


async def test_guard_and_supervision_serve_on_keep_everything_and_stop_once(tmp_path):
    rows = await watcher_figures(tmp_path / "state", 60)
    assert [row.verdict for row in rows] == ["passed"] * 3, rows
    assert rows[1].measured == float(rows[1].target) > 0


def test_whoever_ends_loses_or_ignores_something_fails():
    stops = ("unreadable-stop-1", "stop-1")
    whole = Watchers(n=10, sent=9, asked=1, kept=9, serving=2, tickets=1, stops=stops)
    assert [row.verdict for row in watcher_rows(whole)] == ["passed"] * 3
    wrongs = ({"ended": 1}, 0), ({"serving": 1}, 0), ({"kept": 8}, 1), ({"tickets": 0}, 1), ({"stops": ()}, 2)
    for wrong, row in wrongs:
        assert watcher_rows(replace(whole, **wrong))[row].verdict == "failed"
