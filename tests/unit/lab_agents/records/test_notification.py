"""Channels as a lab file declares them."""

import pytest
from pydantic import ValidationError

from lab_agents.records.notification import ALL_ABOUT, NotificationChannel


def test_a_channel_tells_of_everything_unless_it_says_of_what():
    """One line is enough."""
    assert NotificationChannel(kind="webhook", address="https://there/x").about == ALL_ABOUT


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"address": None}, "either address or address_env"),
        ({"address_env": "HOOK"}, "either address or address_env"),
        ({"address": "https://ada:secret@there/x"}, "holds a password"),
        ({"address": "there"}, "pattern"),
        ({"secret_env": "A", "secret_file": "/b"}, "not both"),
        ({"secret_env": "not a name"}, "pattern"),
        ({"secret_file": "relative"}, "pattern"),
        ({"about": ()}, "at least 1"),
        ({"about": ("weather",)}, "tickets"),
        ({"secret": "in the file"}, "Extra inputs"),
    ],
)
def test_a_contradiction_or_a_secret_in_the_file_is_refused(changes, said):
    """The file stands in the log, where everybody reads it."""
    with pytest.raises(ValidationError, match=said):
        NotificationChannel(**{"kind": "webhook", "address": "https://there/x", **changes})
