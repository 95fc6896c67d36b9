"""E-mail, handed to real servers."""

import email
import email.policy
import gc
import sys
from datetime import UTC, datetime

import pytest

from lab_agents.certificates import make_credentials
from lab_agents.errors import ChannelError
from lab_agents.notify.channels import Opening
from lab_agents.notify.mail import Mail
from lab_agents.notify.notice import make_notice
from lab_agents.records.notification import NotificationChannel
from tests.small_log import LABORATORY
from tests.unit.lab_agents.notify.receivers import Mailbox, mail_server

NOTICE = make_notice("log/7", "stops", "small", datetime(2026, 1, 1, tzinfo=UTC), "STOP: 60 °C\r\nBcc: x", "look")


def channel(port: int, secret: str | None = None, **declared: object) -> Mail:
    """One at a port of this machine."""
    address = f"smtp://127.0.0.1:{port}"
    named = {"sender": "lab@example.org", "to": ("ada@example.org", "grace@example.org"), **declared}
    return Mail(Opening("office", NotificationChannel(kind="email", address=address, **named), address, secret))


def read(mail: bytes) -> email.message.EmailMessage:
    """A message as a mail program reads it."""
    return email.message_from_bytes(mail, policy=email.policy.default)


def test_a_notice_arrives_as_one_plain_message_and_twice_under_one_id():
    """No line of a title becomes a header of its own."""
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        mail = channel(port)
        assert (mail.send(NOTICE), mail.send(NOTICE)) == ("", "")
    first, second = map(read, mailbox.mails)
    assert mailbox.sent_to[0] == ["ada@example.org", "grace@example.org"]
    assert first["subject"] == "[small] STOP: 60 °C Bcc: x"
    assert first["bcc"] is None
    assert first.get_content().strip() == "look"
    assert first["message-id"] == second["message-id"]


def test_an_addressee_that_is_refused_is_told_and_the_others_get_it_once():
    """It is no reason to send it to the others again."""
    mailbox = Mailbox(refuses=("grace@example.org",))
    with mail_server(mailbox) as port:
        assert "refuses grace@example.org" in channel(port).send(NOTICE)
    assert mailbox.sent_to == [["ada@example.org"]]
    nobody = Mailbox(refuses=("ada@example.org", "grace@example.org"))
    with mail_server(nobody) as port, pytest.raises(ChannelError, match="did not take it"):
        channel(port).send(NOTICE)


def test_a_password_is_shown_only_to_a_server_that_is_known(tmp_path):
    """STARTTLS comes first, and its certificate is judged."""
    make_credentials(LABORATORY, tmp_path, ["127.0.0.1"])
    own = (str(tmp_path / "broker.crt"), str(tmp_path / "broker.key"))
    authority = {"authority": str(tmp_path / "ca.crt"), "user": "lab"}
    mailbox = Mailbox()
    with mail_server(mailbox, own, password="pale ale") as port:
        assert channel(port, "pale ale", **authority).send(NOTICE) == ""
        with pytest.raises(ChannelError, match="does not let lab in") as refused:
            channel(port, "wrong one", **authority).send(NOTICE)
        assert "wrong one" not in str(refused.value)
        with pytest.raises(ChannelError, match="certificate verify failed"):
            channel(port, "pale ale", user="lab").send(NOTICE)
    assert len(mailbox.mails) == 1


class FalsePromise(Mailbox):
    """Offers an encryption that it does not have."""

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802 - the library's name
        """The answer to a greeting."""
        session.host_name = hostname
        return [*responses[:-1], "250-STARTTLS", responses[-1]]


def test_a_server_that_breaks_its_promise_of_encryption_is_hung_up_on(monkeypatch):
    """Nothing is sent, and no socket is left to the collector of garbage."""
    left_open = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: left_open.append(found.exc_value))
    mailbox = FalsePromise()
    with mail_server(mailbox) as port, pytest.raises(ChannelError, match="TLS not available"):
        channel(port).send(NOTICE)
    gc.collect()
    assert mailbox.mails == left_open == []


def test_a_server_that_is_not_there_is_said_so():
    """With its address."""
    with mail_server(Mailbox()) as port:
        pass
    with pytest.raises(ChannelError, match=rf"127\.0\.0\.1:{port} did not take it"):
        channel(port).send(NOTICE)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to": ()}, "needs `sender`, and somebody in `to`"),
        ({"sender": None}, "needs `sender`"),
        ({"user": "lab"}, "`user` and a secret together"),
        ({"authority": "/nowhere/ca.crt"}, "authority cannot be read"),
    ],
)
def test_what_cannot_be_sent_is_refused_before(changes, said):
    """With the name of the channel."""
    with pytest.raises(ChannelError, match=rf"notifications\.office: .*{said}"):
        channel(25, **changes)
