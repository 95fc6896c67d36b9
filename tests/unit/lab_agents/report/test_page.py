"""The page as a whole."""

import itertools
import re
from html.parser import HTMLParser

import pytest

from lab_agents.blobs import DirectoryBlobs
from lab_agents.report.account import Account
from lab_agents.report.page import render_page
from lab_agents.report.telling import tell
from lab_agents.report.truth import Truth
from tests.told_absorber import tell_absorber
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


def test_a_campaign_that_runs_is_told_as_such(log):
    half = tell(log[: len(log) // 2])
    page = render_page(half, None, "now")
    assert "has not finished" in page


def test_a_campaign_without_results_still_has_a_page(log):
    early = tell(log[:12])
    page = render_page(early, None, "now")
    assert "No property was concluded" in page
    assert "could be concluded yet" in page


def test_what_people_wrote_cannot_become_markup(log):
    account = tell(log)
    account.person = "<script>alert(1)</script>"
    assert "<script>" not in render_page(account, None, "now")


def test_there_is_no_page_without_a_campaign():
    with pytest.raises(ValueError, match="no campaign"):
        render_page(Account(), None, "now")


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """The page of a campaign with constraints, with its raw data."""
    folder = tmp_path_factory.mktemp("blobs")
    return render_page(tell(tell_absorber(folder, 12)), None, "2026-03-05 10:00 UTC", DirectoryBlobs(folder))


def test_a_target_with_constraints_is_told_with_its_properties_raw_data_and_sites(films):
    for name in ("properties", "patterns", "spectra", "sites", "process", "predictions", "timeline", "checks"):
        assert f'<figure id="{name}">' in films, name
    for words in (
        "Minimize lead (pb as made) with gap from 1.33 to 1.37 eV",
        "1 sample meets every constraint",
        "Controls and drift",
        "By cause, the most frequent first",
        "gap not read",
        "the shutter stuck",
        "line_b refused",
    ):
        assert words in films, words


def test_a_page_with_raw_data_is_small_and_whole(films):
    assert len(films.encode()) < LARGEST
    reader = read(films)
    assert reader.asked == []
    assert len(reader.ids) == len(set(reader.ids))
    assert all(b - a <= 1 for a, b in itertools.pairwise(reader.headings))


def test_a_campaign_without_controls_or_failures_has_no_section_for_them():
    page = render_page(tell(tell_campaign(8, failing=None)), None, "now")
    assert "Controls and drift" not in page
    assert "By cause" not in page
