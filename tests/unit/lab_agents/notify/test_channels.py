"""Channels are found by their kind; addresses and secrets come from where the file says."""

import pytest

from lab_agents.errors import ChannelError
from lab_agents.notify.channels import open_channel
from lab_agents.notify.mail import Mail
from lab_agents.notify.webhook import Webhook
from lab_agents.records.notification import NotificationChannel

HOOK = "https://127.0.0.1/x"


def test_both_kinds_that_come_along_are_offered():
    """By entry points, as those of other packages."""
    assert isinstance(open_channel("phone", NotificationChannel(kind="webhook", address=HOOK)), Webhook)
    office = NotificationChannel(kind="email", address="smtp://127.0.0.1", sender="a@b", to=("c@d",))
    assert isinstance(open_channel("office", office), Mail)


def test_address_and_secret_may_stand_in_the_environment_or_a_file(tmp_path):
    """Never in the lab file, which stands in the log."""
    (tmp_path / "secret").write_text("whsec_!!!\n")
    by_file = NotificationChannel(kind="webhook", address_env="HOOK", secret_file=str(tmp_path / "secret"))
    with pytest.raises(ChannelError, match="is not base64"):
        open_channel("phone", by_file, {"HOOK": HOOK})
    by_variable = NotificationChannel(kind="webhook", address=HOOK, secret_env="KEY")
    assert isinstance(open_channel("phone", by_variable, {"KEY": "k"}), Webhook)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"kind": "pigeon", "address": HOOK}, "no kind 'pigeon'; installed are email, webhook"),
        ({"kind": "webhook", "address_env": "HOOK"}, "address_env names HOOK, which is not set"),
        ({"kind": "webhook", "address": HOOK, "secret_env": "KEY"}, "secret_env names KEY, which is not set"),
        ({"kind": "webhook", "address": HOOK, "secret_file": "/nowhere/key"}, "secret_file cannot be read"),
        ({"kind": "webhook", "address": HOOK, "secret_file": "/dev/null"}, "is empty"),
    ],
)
def test_what_is_missing_is_said_with_the_channel_s_name(declared, said):
    """Before anything is sent."""
    with pytest.raises(ChannelError, match=rf"notifications\.phone: .*{said}"):
        open_channel("phone", NotificationChannel(**declared), {})
