"""Who is silent is told once, and so is who is back."""

from datetime import UTC, datetime, timedelta

from lab_agents.notify.silence import SILENT, STARTING, SilenceWatch

AT = datetime(2026, 1, 1, tzinfo=UTC)


def titles(watch: SilenceWatch, now: float) -> list[str]:
    """What is told at an instant."""
    return [notice.title for notice in watch.look(now, AT + timedelta(seconds=now))]


def test_silence_is_told_once_and_its_end_once():
    """Under ids that pair them; whoever nobody expects is never missed."""
    watch = SilenceWatch("lab", ["supervision", "the recorder"], SILENT - STARTING)
    watch.hear("supervision", 20.0)
    watch.hear("stranger", 20.0)
    assert titles(watch, SILENT) == []
    assert titles(watch, SILENT + 1) == ["the recorder has not been heard for 30 s"]
    assert titles(watch, SILENT + 2) == []
    watch.hear("the recorder", SILENT + 3)
    watch.hear("supervision", SILENT + 3)
    assert titles(watch, SILENT + 4) == ["the recorder is heard again"]
    assert titles(watch, 2 * SILENT + 4) == [
        "supervision has not been heard for 30 s",
        *(["the recorder has not been heard for 30 s"]),
    ]


def test_whoever_did_not_listen_blames_nobody():
    """A machine that slept, a process that was frozen."""
    watch = SilenceWatch("lab", ["the recorder"], SILENT - STARTING)
    watch.forgive(1000.0)
    assert titles(watch, 1000.0 + SILENT) == []
    assert titles(watch, 1001.0 + SILENT) == ["the recorder has not been heard for 30 s"]
    watch.forgive(3000.0)
    assert titles(watch, 3000.0) == []


def test_a_laboratory_that_starts_has_more_time_for_its_first_word():
    """Imports take minutes on a busy machine."""
    watch = SilenceWatch("lab", ["the recorder"], 0.0)
    assert titles(watch, STARTING) == []
    assert titles(watch, STARTING + 1) == ["the recorder has not been heard for 30 s"]
