"""A trial message through every channel."""

from datetime import UTC, datetime

from lab_agents.notify.trial import try_channels
from lab_agents.records.notification import NotificationChannel
from tests.unit.lab_agents.notify.receivers import Received, webhook_server


def test_every_channel_is_tried_and_what_became_of_each_is_said():
    """One that fails keeps nobody else from being tried."""
    with webhook_server(Received(answer=500)) as broken, webhook_server(Received()) as good:
        channels = {
            "broken": NotificationChannel(kind="webhook", address=broken.url),
            "unset": NotificationChannel(kind="webhook", address_env="LAB_AGENTS_NOBODY_SETS_THIS"),
            "good": NotificationChannel(kind="webhook", address=good.url, about=("stops",)),
        }
        trials = try_channels("lab", channels, datetime(2026, 1, 1, tzinfo=UTC))
    assert [trial.is_taken for trial in trials] == [False, False, True]
    assert "broken (webhook): NOT taken: broken: http://127.0.0.1:" in trials[0].to_text()
    assert trials[2].to_text() == "good (webhook): taken"
    assert good.titles == ["a trial of the channel good"]
