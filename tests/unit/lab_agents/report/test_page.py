"""The page as a whole."""

import itertools
import re
from html.parser import HTMLParser

import pytest

from lab_agents.report.account import Account
from lab_agents.report.page import bidding, facts, makers, render_page, verdict
from lab_agents.report.telling import tell
from lab_agents.report.truth import Truth
from tests.told_campaign import example, tell_campaign

LARGEST = 3_000_000


@pytest.fixture(scope="module")
def log():
    return tell_campaign(60)


@pytest.fixture(scope="module")
def account(log):
    return tell(log)


@pytest.fixture(scope="module")
def truth():
    campaign = example()
    return Truth(campaign.data, campaign.plan.target)


@pytest.fixture(scope="module")
def page(account, truth):
    return render_page(account, truth, "2026-01-05 10:00 UTC")


class Reader(HTMLParser):
    """Collects what a browser would ask the network for, and ids."""

    def __init__(self):
        super().__init__()
        self.asked, self.ids, self.headings = [], [], []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "src" or (name == "href" and not (value or "").startswith("#")):
                self.asked.append(value)
            if name == "id":
                self.ids.append(value)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


def read(page):
    reader = Reader()
    reader.feed(page)
    return reader


def test_the_page_asks_no_network_for_anything(page):
    assert read(page).asked == []
    assert "@import" not in page
    assert "url(http" not in page


def test_the_page_is_small(page):
    assert len(page.encode()) < LARGEST


def test_every_id_stands_once(page):
    ids = read(page).ids
    assert len(ids) == len(set(ids))


def test_no_heading_level_is_skipped(page):
    levels = read(page).headings
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_the_page_tells_every_part_of_the_story(page, account):
    for name in ("progress", "regret", "parity", "heldout", "mixture", "pairs", "timeline"):
        assert f'<figure id="{name}">' in page
    for words in ("The best materials", "What went wrong", "ticket-1", "clogged", "Made with", "line_b refused"):
        assert words in page
    best = account.best(1)[0]
    assert best.observations["degradation"].raw in page
    assert best.measurements[0].run in page
    assert best.model in page


def test_the_verdict_names_what_was_found_and_how_far_it_is_from_the_best(account, truth):
    text = verdict(account, truth)
    assert "59 samples of a budget of 60 were made and 59 measured" in text
    assert "1,020 recorded materials" in text


def test_a_campaign_that_runs_is_told_as_such(log):
    half = tell(log[: len(log) // 2])
    page = render_page(half, None, "now")
    assert "has not finished" in page
    assert verdict(half, None).startswith("The campaign is still running")


def test_a_campaign_without_results_still_has_a_page(log):
    early = tell(log[:12])
    page = render_page(early, None, "now")
    assert "No property was concluded" in page
    assert "could be concluded yet" in verdict(early, None)


def test_what_people_wrote_cannot_become_markup(log):
    account = tell(log)
    account.person = "<script>alert(1)</script>"
    assert "<script>" not in render_page(account, None, "now")


def test_each_line_is_counted(account):
    rows = {name: (made, failed, refused) for name, made, failed, refused in makers(account)}
    assert rows["line_a"][0] + rows["line_b"][0] == 59
    assert rows["line_b"][1] == 1


def test_a_samples_bids_are_told_in_words(account):
    assert "line_a offered 12 min 0 s, 97 % sure" in bidding(account.samples["opv_blend-0001"])
    assert "awarded to line_a: 3.2 per hour" in bidding(account.samples["opv_blend-0001"])


def test_facts_know_the_regret_only_with_a_table(account, truth):
    with_table = [f.what for f in facts(account, truth)]
    assert "regret against the table's best" in with_table
    assert "regret against the table's best" not in [f.what for f in facts(account, None)]


def test_there_is_no_page_without_a_campaign():
    with pytest.raises(ValueError, match="no campaign"):
        render_page(Account(), None, "now")
