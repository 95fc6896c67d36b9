"""Rows of the loop's benchmark."""

from lab_agents.bench.film_campaign import RunOutcome
from lab_agents.benchmarks.loop import _bad_day_figures, _reached_figures, _trust_figures


def run(seed: int = 0, **changes: object) -> RunOutcome:
    """A good campaign but for these changes."""
    fields: dict[str, object] = {
        "seed": seed, "n_samples": 60, "n_lost": 0, "reached_at": 18, "little_lead_at": 22, "regret": 0.03,
        "named_regret": 0.05, "claimed": (True,) * 10, "covered": {"gap": (True,) * 9 + (False,)},
    }  # fmt: skip
    return RunOutcome(**(fields | changes))  # type: ignore[arg-type]


def verdicts(figures: object) -> list[str]:
    """Each row's verdict."""
    return [figure.verdict for figure in figures]  # type: ignore[attr-defined]


def test_a_good_planner_passes_and_one_that_never_reaches_fails() -> None:
    """A campaign that never reached counts as later than any."""
    good = [run(seed) for seed in range(20)]
    others = {"space_filling": good, "random": good, "full": good}
    assert verdicts(_reached_figures({"planner": good, **others}, 20)) == ["passed"] * 5
    never = [run(seed, reached_at=None, little_lead_at=None, regret=0.8) for seed in range(20)]
    bad = verdicts(_reached_figures({"planner": never, **others}, 20))
    assert bad == ["failed", "failed", "failed", "failed", "passed"]


def test_one_of_twenty_may_fail_to_reach() -> None:
    """Two may not."""
    runs = [run(seed, reached_at=None if seed == 0 else 18) for seed in range(20)]
    outcomes = {"planner": runs, "space_filling": runs, "random": runs, "full": runs}
    assert _reached_figures(outcomes, 20)[0].verdict == "passed"
    runs[1] = run(1, reached_at=None)
    assert _reached_figures(outcomes, 20)[0].verdict == "failed"


def test_intervals_that_hold_too_often_fail_like_those_that_hold_too_seldom() -> None:
    """What is stated as 90 % is meant."""
    always = _trust_figures([run(covered={"gap": (True,) * 40})])
    assert (always[1].measured, always[1].verdict) == (1.0, "failed")
    assert verdicts(_trust_figures([run()]))[:2] == ["passed", "passed"]
    assert verdicts(_trust_figures([run(claimed=(True, False))]))[0] == "failed"
    assert verdicts(_trust_figures([run(claimed=())]))[0] == "not run"


def test_a_bad_day_must_end_and_fool_nobody() -> None:
    """At most one in a hundred."""
    assert verdicts(_bad_day_figures([run(n_spoiled=9)], 1)) == ["passed", "passed"]
    assert verdicts(_bad_day_figures([run(n_samples=59)], 1))[0] == "failed"
    assert verdicts(_bad_day_figures([run(n_spoiled_taken_for_good=1)], 1))[1] == "failed"


def test_campaigns_that_stated_a_hit_are_counted() -> None:
    """With the lead of the best ones."""
    last = _trust_figures([run(stated=0.2), run(stated=0.3), run()])[-1]
    assert (last.measured, last.verdict) == (2, "failed")
    assert "0.25" in last.note
