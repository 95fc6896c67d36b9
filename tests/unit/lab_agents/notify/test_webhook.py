"""Webhooks, posted to real servers."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from lab_agents.certificates import make_credentials
from lab_agents.errors import ChannelError
from lab_agents.notify.channels import Opening
from lab_agents.notify.notice import Notice, make_notice
from lab_agents.notify.webhook import Webhook, sign
from lab_agents.records.notification import NotificationChannel
from tests.small_log import LABORATORY
from tests.unit.lab_agents.notify.receivers import Received, webhook_server

NOTICE = make_notice("log/7", "tickets", "small", datetime(2026, 1, 1, tzinfo=UTC), "a lamp is cold", "look at it")


def channel(address: str, secret: str | None = None, **declared: str) -> Webhook:
    """One at an address."""
    return Webhook(Opening("phone", NotificationChannel(kind="webhook", address=address, **declared), address, secret))


def test_a_notice_arrives_as_json_signed_as_standard_webhooks_say():
    """Anybody with the secret can tell that it is ours, whole and fresh."""
    key = b"0123456789abcdef"
    secret = f"whsec_{base64.b64encode(key).decode()}"
    with webhook_server(Received()) as received:
        assert channel(received.url, secret).send(NOTICE) == ""
    assert Notice.model_validate_json(received.raw[0]) == NOTICE
    headers = received.headers[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.raw[0]
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == "log/7"


def test_the_signature_is_that_of_the_specification_s_example():
    """Standard Webhooks, "Symmetric": this secret, id, timestamp and body."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    said = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("answer", "said"),
    [(500, "answered 500 said so"), (404, "answered 404"), (302, "answered 302"), ("drop", "cannot be reached")],
)
def test_whatever_is_not_taken_is_an_error_that_does_not_show_the_url(answer, said):
    """A webhook's path is often its secret; a redirection is not followed."""
    with webhook_server(Received(answer=answer)) as received, pytest.raises(ChannelError, match=said) as refused:
        channel(received.url).send(NOTICE)
    assert "secret-path" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_a_server_that_hangs_is_given_up(monkeypatch):
    """The notice waits; whoever sends does not."""
    monkeypatch.setattr("lab_agents.notify.webhook.WITHIN", 0.1)
    with webhook_server(Received(answer="hang")) as received, pytest.raises(ChannelError, match="does not answer"):
        channel(received.url).send(NOTICE)


def test_nobody_there_is_said_so():
    """A port that was just closed."""
    with webhook_server(Received()) as received:
        pass
    with pytest.raises(ChannelError, match="nobody listens there"):
        channel(received.url).send(NOTICE)


def test_a_server_is_known_by_the_authority_that_is_declared(tmp_path):
    """Without it a certificate of our own is nobody's."""
    make_credentials(LABORATORY, tmp_path, ["127.0.0.1"])
    own = (str(tmp_path / "broker.crt"), str(tmp_path / "broker.key"))
    with webhook_server(Received(), own) as received:
        assert channel(received.url, authority=str(tmp_path / "ca.crt")).send(NOTICE) == ""
        with pytest.raises(ChannelError, match="certificate verify failed"):
            channel(received.url).send(NOTICE)
    assert received.titles == ["a lamp is cold"]


@pytest.mark.parametrize(
    ("address", "secret", "said"),
    [
        ("ftp://there/x", None, "begins with https://"),
        ("http://elsewhere.example/x", None, "needs https://"),
        ("https://there/x", "whsec_!!!", "not base64"),
    ],
)
def test_what_cannot_be_a_webhook_is_refused_before_anything_is_sent(address, secret, said):
    """With the name of the channel."""
    with pytest.raises(ChannelError, match=rf"notifications\.phone: .*{said}"):
        channel(address, secret)
