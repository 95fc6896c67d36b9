"""Controls and drift."""

from dataclasses import replace

import pytest

from lab_agents.messages.course import ControlJudged
from lab_agents.report.account import Account
from lab_agents.report.checks import checks, judged, series_of, tally
from lab_agents.report.page import render_page
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    return tell(tell_absorber(tmp_path_factory.mktemp("blobs"), 12))


def test_checks_are_counted_by_kind_with_their_measurements(account):
    assert tally(account) == [("blank", 3, 3), ("control", 3, 0), ("standard", 3, 3)]


def test_controls_are_followed_over_laboratory_time(account):
    gap = next(s for s in series_of(account) if s.name == "gap")
    assert len(gap.hours) == 3
    assert gap.hours == sorted(gap.hours)
    assert min(o.value for o in gap.seen) < gap.mean < max(o.value for o in gap.seen)


def test_a_control_far_from_the_others_is_marked(account):
    gap = next(s for s in series_of(account) if s.name == "gap")
    gap.seen[0] = gap.seen[0].model_copy(update={"value": gap.mean + 0.1})
    assert gap.beyond[0]
    assert "laboratory hours" in checks(account).svg


def test_a_campaign_without_controls_draws_none():
    assert checks(Account()) is None
    assert tally(Account()) == []


def judged_account(account, rule):
    """The account whose last control film has a verdict."""
    at, last = next(iter(account.checks["control-3"].observations))
    verdict = ControlJudged(
        sample="control-3", measurement=last.measurement, property=last.property, instrument="uvvis", value=last.value,
        mean=1.52, deviation=0.004, unit="eV", rule=rule, z=(3.4,), last_good="control-2", n_retracted=7,
    )  # fmt: skip
    return replace(account, verdicts=[(at, verdict)], misled={2: ["m-1", "m-2"]})


def test_a_verdict_sets_the_limits_and_marks_what_broke_a_rule(account):
    """Not the scatter of the controls themselves."""
    gap = next(s for s in series_of(judged_account(account, "1-3s")) if s.name == "gap")
    assert (gap.mean, gap.deviation, gap.beyond) == (1.52, 0.004, [False, False, True])
    assert not any(next(s for s in series_of(judged_account(account, "")) if s.name == "gap").beyond)


def test_the_page_says_what_was_judged_and_which_proposals_knew_what_is_retracted(account):
    """In words, with rule, numbers and consequence."""
    page = render_page(judged_account(account, "1-3s"), None, "now", None)
    assert "rule 1-3s is broken (+3.4 deviations): 7 measurements since control-2 retracted" in page
    assert "proposal 2 (2 of them)" in page
    assert "proposed with 2 measurements that were retracted later" in page
    (told,) = judged(judged_account(account, ""))
    assert (told.verdict, told.expected) == ("in control", "1.52 ± 0.004 eV")
