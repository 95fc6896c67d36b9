"""The scorecard for people."""

from lab_agents.chaos.page import figures_of, render_scorecard, to_text
from lab_agents.chaos.scorecard import FaultLine, Promise, RecoveryLine, Scorecard, TicketLine

CARD = Scorecard(
    name="night",
    campaign="opv_blend",
    lab="opv_replay",
    seed=3,
    software="0.1.0",
    written_at="2026-01-01 00:00 UTC",
    machine="EPYC, 2 cores, Linux",
    load=1.5,
    seconds=200.0,
    n_entries=900,
    n_ordered=200,
    n_moved=199,
    lost=0,
    repeated=1,
    unknown=2,
    quarantined=2,
    tickets=4,
    n_samples=20,
    n_completed=18,
    n_spoiled=2,
    interventions=1,
    interventions_per_100_samples=5.0,
    loads=0,
    told=(TicketLine(what="robot is silent", n=3),),
    faults=(
        FaultLine(fault="kill", what="kill -9; `resume`", planned=3, given=2, note="<ended>"),
        FaultLine(fault="messages_dropped", what="never arrives", planned=None, given=17),
    ),
    recoveries=(RecoveryLine(fault="kill", target="robot", n=2, n_missing=1, p50=1.5, p95=None, worst=None),),
    promises=(
        Promise(promise="nothing is lost", is_kept=True, found="0 lost"),
        Promise(promise="nothing is done twice", is_kept=False, found="1 repeated"),
    ),
)


def test_the_page_needs_nothing_beside_itself_and_escapes_what_it_is_told() -> None:
    """No script, no address, no mark-up of others."""
    page = render_scorecard(CARD)
    assert "http" not in page
    assert "<script" not in page
    assert "&lt;ended&gt;" in page
    assert "A promise was broken." in page
    assert "18 of 20" in page
    assert "on EPYC, 2 cores, Linux, load 1.5" in page
    assert "robot is silent" in page
    assert "`" not in page


def test_a_terminal_shows_the_same_figures_and_the_broken_promise() -> None:
    """One line each."""
    text = to_text(CARD)
    for name, value in figures_of(CARD):
        assert any(line.startswith(name) and line.endswith(value) for line in text.splitlines())
    assert any("robot is silent" in line and "3" in line for line in text.splitlines())
    assert "on EPYC, 2 cores, Linux, load 1.5" in text
    assert any(line.startswith("BROKEN") and "1 repeated" in line for line in text.splitlines())


def test_a_scorecard_is_the_same_after_json() -> None:
    """What is published can be read again."""
    assert Scorecard.model_validate_json(CARD.model_dump_json()) == CARD
