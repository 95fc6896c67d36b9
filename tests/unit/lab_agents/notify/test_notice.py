"""What is sent to people."""

from datetime import UTC, datetime, timedelta

from lab_agents.notify.notice import MOST_TEXT, MOST_TITLE, digest, make_notice

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_title_is_one_line_and_nothing_is_longer_than_channels_carry():
    """A text that was cut says so."""
    notice = make_notice("x", "tickets", "lab", AT, "a\r\nb  c" + "d" * 500, "e" * 20_000)
    assert notice.title.startswith("a b cd")
    assert len(notice.title) == MOST_TITLE
    assert notice.text.endswith("lab-agents status shows the rest]")
    assert len(notice.text) < MOST_TEXT + 100


def test_a_digest_tells_every_title_and_the_most_urgent_first():
    """A stop is not buried under tickets."""
    kinds = ("tickets", "stops", "tickets", "campaigns")
    notices = [make_notice(f"n{i}", k, "lab", AT + timedelta(hours=i), f"{k} {i}", "") for i, k in enumerate(kinds)]
    told = digest(notices)
    assert told.title == "4 notices, among them: stops 1"
    assert all(notice.title in told.text for notice in notices)
    assert (told.about, told.at) == ("stops", notices[-1].at)
    assert told.id != digest(notices[:3]).id
