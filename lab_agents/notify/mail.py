"""E-mail: each notice as one plain message, handed to a mail server that vouches for its delivery."""

import hashlib
import smtplib
import ssl
from contextlib import ExitStack
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from lab_agents.errors import ChannelError
from lab_agents.notify.channels import WITHIN, Opening
from lab_agents.notify.notice import Notice

PORTS = {"smtp": 587, "smtps": 465}
"""Where mail is handed in [RFC6409] [RFC8314].

[RFC6409] Message Submission for Mail, 2011. [RFC8314] Cleartext Considered Obsolete, 2018.
"""


class Mail:
    """Hands mail to one server: `smtps://` encrypted from the first byte, `smtp://` with STARTTLS before anything else.

    Only on this machine itself (loopback) does it go without encryption where the server offers none.
    """

    def __init__(self, opening: Opening) -> None:
        place = urlsplit(opening.address)
        if place.scheme not in PORTS or not place.hostname:
            raise ChannelError(f"notifications.{opening.name}: the address of e-mail begins with smtp:// or smtps://.")
        if not opening.declared.to or opening.declared.sender is None:
            raise ChannelError(f"notifications.{opening.name}: e-mail needs `sender`, and somebody in `to`.")
        if (opening.declared.user is None) != (opening.secret is None):
            raise ChannelError(f"notifications.{opening.name}: e-mail takes `user` and a secret together, or neither.")
        self._name, self._declared, self._secret = opening.name, opening.declared, opening.secret
        self._host, self._port = place.hostname, place.port or PORTS[place.scheme]
        self._is_wrapped = place.scheme == "smtps"
        try:
            self._tls = ssl.create_default_context(cafile=opening.declared.authority)
        except OSError as error:
            raise ChannelError(f"notifications.{opening.name}: authority cannot be read: {error}.") from error

    def send(self, notice: Notice) -> str:
        """See `Channel.send`; what was taken for some addressees is not sent again to them for the sake of others."""
        try:
            with self._connect() as server:
                if self._declared.user is not None:
                    server.login(self._declared.user, self._secret or "")
                refused = server.send_message(self._message(notice))
        except smtplib.SMTPAuthenticationError as error:
            raise ChannelError(f"{self._name}: {self._host} does not let {self._declared.user} in") from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise ChannelError(f"{self._name}: {self._host}:{self._port} did not take it: {error}") from error
        return f"{self._host} refuses {', '.join(sorted(refused))}" if refused else ""

    def _connect(self) -> smtplib.SMTP:
        if self._is_wrapped:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=WITHIN, context=self._tls)
        server = smtplib.SMTP(self._host, self._port, timeout=WITHIN)
        with ExitStack() as unless_ready:
            unless_ready.callback(server.close)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=self._tls)
            elif self._host not in ("127.0.0.1", "::1", "localhost"):
                raise ChannelError(f"{self._name}: {self._host} offers no encryption (STARTTLS); nothing was sent")
            unless_ready.pop_all()
        return server

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = f"[{notice.lab}] {notice.title}"
        message["From"] = self._declared.sender
        message["To"] = ", ".join(self._declared.to)
        message["Date"] = format_datetime(notice.at)
        # The same for the same notice: mail programs show a message that comes twice once.
        message["Message-ID"] = f"<{hashlib.sha256(notice.id.encode()).hexdigest()[:32]}@{notice.lab}.lab-agents>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.text)
        return message
